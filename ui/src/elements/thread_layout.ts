// Where the nodes and lines of a thread stand: dagre ranks them from left to right, lines carry money by their width.

import { Graph, layout } from "@dagrejs/dagre";
import { size } from "../figures";

export interface ThreadNode {
  key: string; label: string; kind: string; sub?: string;
  discipline?: "data" | "models" | "money" | "plain"; state?: "ok" | "bad" | "unknown" | "none"; href?: string; focus?: boolean;
}
export interface ThreadEdge { from: string; to: string; amount?: string | null }
export interface ThreadData { nodes: ThreadNode[]; edges: ThreadEdge[]; currency?: string; note?: string }
export interface Box { width: number; height: number }
export interface Placed { x: number; y: number; width: number; height: number; rank: number }
export interface Line { edge: ThreadEdge; path: string; head: string; width: number; paid: boolean }
export interface Layout { width: number; height: number; nodes: Map<string, Placed>; lines: Line[] }

const MARGIN = 18;
const GAP = 26;
const WIDEST = 7;

interface Point { x: number; y: number }

/** Place everything for a view of the given width: nodes of one rank are equally wide, gaps grow until the view is filled. */
export function place(data: ThreadData, natural: Map<string, Box>, room: number): Layout {
  const boxes = level(natural, rank(data, natural, 38));
  const tight = rank(data, boxes, 38);
  const columns = new Set([...tight.nodes.values()].map((node) => node.rank)).size;
  const spare = room - tight.width;
  if (spare <= 0 || columns < 2) return tight;
  return rank(data, boxes, 38 + Math.min(70, spare / (columns - 1)));
}

function level(natural: Map<string, Box>, placed: Layout): Map<string, Box> {
  const middle = (key: string) => { const at = placed.nodes.get(key)!; return at.x + at.width / 2; };
  const widest = new Map<number, number>();
  for (const [key, box] of natural) widest.set(Math.round(middle(key)), Math.max(box.width, widest.get(Math.round(middle(key))) ?? 0));
  return new Map([...natural].map(([key, box]) => [key, { width: widest.get(Math.round(middle(key))) ?? box.width, height: box.height }]));
}

function rank(data: ThreadData, boxes: Map<string, Box>, gap: number): Layout {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", ranksep: gap, nodesep: data.nodes.length > 40 ? GAP / 2 : GAP, edgesep: 14, marginx: MARGIN, marginy: 14 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of data.nodes) graph.setNode(node.key, { ...(boxes.get(node.key) ?? { width: 150, height: 52 }) });
  const edges = data.edges.filter((edge) => edge.from !== edge.to && graph.hasNode(edge.from) && graph.hasNode(edge.to));
  for (const edge of edges) graph.setEdge(edge.from, edge.to, { minlen: 1, weight: 1 });
  layout(graph);
  const nodes = new Map<string, Placed>();
  for (const node of data.nodes) {
    const at = graph.node(node.key) as { x: number; y: number; width: number; height: number };
    nodes.set(node.key, { x: at.x - at.width / 2, y: at.y - at.height / 2, width: at.width, height: at.height, rank: Math.round(at.x) });
  }
  const inner = (edge: ThreadEdge) => ((graph.edge(edge.from, edge.to) as { points?: Point[] }).points ?? []).slice(1, -1);
  const whole = graph.graph() as { width?: number; height?: number };
  return { width: Math.ceil(whole.width ?? 0), height: Math.ceil(whole.height ?? 0), nodes, lines: lines(edges, nodes, inner) };
}

/** Lines leave and enter side by side, in the order of where they come from and go to. */
function lines(edges: ThreadEdge[], nodes: Map<string, Placed>, inner: (edge: ThreadEdge) => Point[]): Line[] {
  const most = Math.max(...edges.map((edge) => Math.abs(size(edge.amount))), 0);
  const width = new Map(edges.map((edge) => [edge, most ? Math.max(1.3, (WIDEST * Math.abs(size(edge.amount))) / most) : 1.3]));
  const leave = ports(edges, nodes, width, (edge) => edge.from, (edge) => edge.to);
  const enter = ports(edges, nodes, width, (edge) => edge.to, (edge) => edge.from);
  return edges.map((edge) => {
    const from = nodes.get(edge.from)!, to = nodes.get(edge.to)!, wide = width.get(edge)!;
    const reach = 6 + wide * 0.6;
    const start = { x: from.x + from.width, y: leave.get(edge)! };
    const end = { x: to.x - reach, y: enter.get(edge)! };
    const between = inner(edge);
    const path = curve([start, ...(between.length > 1 ? between : []), end]);
    const half = 3.2 + wide * 0.62;
    const head = `M${end.x - 1} ${end.y - half}L${to.x} ${end.y}L${end.x - 1} ${end.y + half}Z`;
    return { edge, path, head, width: wide, paid: size(edge.amount) !== 0 };
  });
}

function ports(
  edges: ThreadEdge[], nodes: Map<string, Placed>, width: Map<ThreadEdge, number>,
  near: (edge: ThreadEdge) => string, far: (edge: ThreadEdge) => string,
): Map<ThreadEdge, number> {
  const groups = new Map<string, ThreadEdge[]>();
  for (const edge of edges) groups.set(near(edge), [...(groups.get(near(edge)) ?? []), edge]);
  const found = new Map<ThreadEdge, number>();
  for (const [key, group] of groups) {
    const node = nodes.get(key)!;
    const middle = (edge: ThreadEdge) => { const other = nodes.get(far(edge))!; return other.y + other.height / 2; };
    group.sort((a, b) => middle(a) - middle(b) || (a.from < b.from ? -1 : 1));
    const needed = group.reduce((sum, edge) => sum + width.get(edge)! + 8, -8);
    const squeeze = Math.min(1, (node.height - 14) / Math.max(needed, 1));
    let y = node.y + node.height / 2 - (needed * squeeze) / 2;
    for (const edge of group) {
      found.set(edge, y + (width.get(edge)! * squeeze) / 2);
      y += (width.get(edge)! + 8) * squeeze;
    }
  }
  return found;
}

function curve(points: Point[]): string {
  const r = (value: number) => Math.round(value * 10) / 10;
  let text = `M${r(points[0]!.x)} ${r(points[0]!.y)}`;
  for (let index = 1; index < points.length; index++) {
    const a = points[index - 1]!, b = points[index]!;
    const bend = Math.max(Math.abs(b.x - a.x) * 0.5, 14) * (b.x < a.x ? 2 : 1);
    text += `C${r(a.x + bend)} ${r(a.y)} ${r(b.x - bend)} ${r(b.y)} ${r(b.x)} ${r(b.y)}`;
  }
  return text;
}
