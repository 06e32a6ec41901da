// ECharts with the parts that are used, in the colours of the page. Loaded by the elements that draw with it.

import { BarChart, LineChart, ParallelChart, SankeyChart } from "echarts/charts";
import { GridComponent, ParallelComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { address } from "./drawing";
import type { SankeyData, TrendData } from "./elements/charts";
import { LOOKS, timeText, type CurvesData, type ParallelData } from "./elements/curves";
import { exact, moment, size, tick } from "./figures";

use([BarChart, LineChart, ParallelChart, SankeyChart, GridComponent, ParallelComponent, TooltipComponent, SVGRenderer]);

const FONT = '"Inter Variable", sans-serif';

export interface Drawn { resize(): void; recolour(): void }

type Colours = (name: string) => string;

function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

const DISCIPLINES = new Set(["data", "models", "money", "alarm", "good"]);
const inkOf = (colour: Colours, discipline: string | undefined) => colour(discipline && DISCIPLINES.has(discipline) ? discipline : "edge");

function drawn(place: HTMLElement, option: (colour: Colours) => EChartsCoreOption): Drawn & { chart: EChartsType } {
  const chart = init(place, undefined, { renderer: "svg" });
  const put = () => chart.setOption({ animation: false, textStyle: { fontFamily: FONT }, ...option(colours()) }, true);
  put();
  return { chart, resize: () => { chart.resize(); put(); }, recolour: put };
}

/** The tooltip is drawn in the SVG: as HTML it would need inline styles, which the content security policy forbids. */
function tip(colour: Colours): object {
  return {
    renderMode: "richText", backgroundColor: colour("raised"), borderColor: colour("line-strong"), borderWidth: 1, padding: [7, 22, 7, 10], confine: true,
    textStyle: { color: colour("ink"), fontFamily: FONT, fontSize: 12, lineHeight: 18 }, transitionDuration: 0,
  };
}

/** Lines or bars over time. */
export function trend(place: HTMLElement, data: TrendData, times: string[]): Drawn {
  const text = (amount: string | null | undefined) => (amount == null ? "–" : data.currency ? exact(amount, data.currency) : `${amount} ${data.unit ?? ""}`);
  return drawn(place, (colour) => ({
    grid: { left: 8, right: 14, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...tip(colour), trigger: "axis", axisPointer: { z: 0, type: data.kind === "bar" ? "shadow" : "line", lineStyle: { color: colour("line-strong") }, shadowStyle: { color: colour("sunken"), opacity: .6 } },
      formatter: (found: { dataIndex: number }[]) => {
        const at = times[found[0]?.dataIndex ?? 0] ?? "";
        const lines = data.series.map((series) => {
          const point = series.points.find((other) => other.at === at);
          return `${series.title}  ${text(point?.amount)}${point?.partial ? " so far" : ""}`;
        });
        return [moment(at), ...lines].join("\n");
      },
    },
    xAxis: { type: "category", data: times.map(moment), boundaryGap: data.kind === "bar", axisTick: { show: false }, axisLine: { lineStyle: { color: colour("line-strong") } },
      axisLabel: { color: colour("ink-3"), fontSize: 11, fontFamily: FONT, hideOverlap: true } },
    yAxis: { type: "value", splitNumber: 4, splitLine: { lineStyle: { color: colour("line") } },
      axisLabel: { color: colour("ink-3"), fontSize: 11, fontFamily: FONT, formatter: tick } },
    series: data.series.map((series) => ({
      name: series.title, type: data.kind ?? "line", stack: data.kind === "bar" ? "whole" : undefined, barMaxWidth: 34, symbol: times.length > 40 ? "none" : "circle", symbolSize: 5,
      lineStyle: { width: 1.8, type: series.dashed ? "dashed" : "solid" }, color: inkOf(colour, series.discipline), emphasis: { disabled: true },
      data: times.map((at) => {
        const point = series.points.find((other) => other.at === at);
        return point?.amount == null ? null : { value: size(point.amount), itemStyle: point.partial ? { opacity: .45 } : {} };
      }),
    })),
  }));
}

/** Money from left to right; the width of a band is its amount. */
export function sankey(place: HTMLElement, data: SankeyData): Drawn {
  const links = data.links.filter((link) => size(link.amount) > 0);
  const used = new Set(links.flatMap((link) => [link.from, link.to]));
  const nodes = new Map(data.nodes.map((node) => [node.key, node]));
  const margin = () => Math.round(Math.min(170, place.clientWidth * 0.3));
  const made = drawn(place, (colour) => ({
    tooltip: {
      ...tip(colour), trigger: "item",
      formatter: (found: { dataType?: string; dataIndex: number; name: string }) => {
        const link = found.dataType === "edge" ? links[found.dataIndex] : undefined;
        return link ? `${nodes.get(link.from)?.label} to ${nodes.get(link.to)?.label}\n${exact(link.amount, data.currency)}` : nodes.get(found.name)?.label ?? found.name;
      },
    },
    series: [{
      type: "sankey", left: 18, right: margin(), top: 12, bottom: 12, nodeWidth: 9, nodeGap: 14, draggable: false, nodeAlign: "justify",
      emphasis: { focus: "trajectory" }, blur: { lineStyle: { opacity: .12 }, itemStyle: { opacity: .3 } },
      lineStyle: { color: colour("line-strong"), opacity: .55, curveness: .5 },
      label: { color: colour("ink"), fontSize: 12, fontFamily: FONT, width: margin() - 10, overflow: "truncate", formatter: (found: { name: string }) => nodes.get(found.name)?.label ?? found.name },
      data: [...used].map((key) => ({ name: key, itemStyle: { color: inkOf(colour, nodes.get(key)?.discipline), borderWidth: 0 } })),
      links: links.map((link) => ({ source: link.from, target: link.to, value: size(link.amount) })),
    }],
  }));
  made.chart.on("click", (event) => {
    const href = event.dataType === "node" ? address(nodes.get(event.name)?.href) : undefined;
    if (href) location.assign(href);
  });
  return made;
}

const DASHES = ["solid", "dashed", "dotted"] as const;

/** The look of a line among several: a tint of the models' colour, and solid, dashed or dotted. */
function look(colour: Colours, place: number): { color: string; type: (typeof DASHES)[number] } {
  const at = place % LOOKS;
  return { color: colour(`series-${at % 3}`), type: DASHES[Math.floor(at / 3)] ?? "solid" };
}

/** Lines over steps or time, which are numbers; the vertical axis may be logarithmic. */
export function curves(place: HTMLElement, data: CurvesData): Drawn {
  const unit = data.unit ? ` ${data.unit}` : "";
  const positive = data.log ? data.series.map((series) => series.points.filter((point) => point[1] > 0)) : data.series.map((series) => series.points);
  const at = (value: number) => (data.axis === "time" ? timeText(value) : `step ${value}`);
  return drawn(place, (colour) => ({
    grid: { left: 8, right: 18, top: 16, bottom: 10, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...tip(colour), trigger: "axis", axisPointer: { z: 0, type: "line", lineStyle: { color: colour("line-strong") } }, order: "valueDesc",
      formatter: (found: { seriesName: string; value: [number, number] }[]) =>
        [at(found[0]?.value[0] ?? 0), ...found.slice(0, 12).map((one) => `${one.seriesName}  ${Number(one.value[1].toPrecision(6))}${unit}`)].join("\n"),
    },
    xAxis: { type: data.axis === "time" ? "time" : "value", min: "dataMin", max: "dataMax", axisTick: { show: false }, splitLine: { show: false }, axisLine: { lineStyle: { color: colour("line-strong") } },
      axisLabel: { color: colour("ink-3"), fontSize: 11, fontFamily: FONT, hideOverlap: true, ...(data.axis === "time" ? {} : { formatter: tick }) } },
    yAxis: { type: data.log ? "log" : "value", scale: true, splitNumber: 4, splitLine: { lineStyle: { color: colour("line") } },
      axisLabel: { color: colour("ink-3"), fontSize: 11, fontFamily: FONT, formatter: tick } },
    series: data.series.map((series, number) => {
      const { color, type } = look(colour, number);
      const points = positive[number] ?? [];
      return { name: series.title, type: "line", color, lineStyle: { width: 1.8, type }, symbol: points.length > 40 ? "none" : "circle", symbolSize: 4, emphasis: { disabled: true }, data: points };
    }),
  }));
}

/** One line for each run over an axis for each figure; a param that is no number has its values in order. */
export function parallel(place: HTMLElement, data: ParallelData): Drawn {
  const numeric = data.axes.map((_, axis) => data.lines.every((line) => line.values[axis] === null || typeof line.values[axis] === "number"));
  const made = drawn(place, (colour) => ({
    parallel: { left: 46, right: 54, top: 34, bottom: 18, parallelAxisDefault: { nameLocation: "end", nameGap: 12 } },
    tooltip: { ...tip(colour), trigger: "item", formatter: (found: { dataIndex?: number; name: string }) => found.name },
    parallelAxis: data.axes.map((axis, dim) => ({
      dim, name: axis.title, type: numeric[dim] ? "value" : "category", scale: true, splitNumber: 4,
      ...(numeric[dim] ? {} : { data: [...new Set(data.lines.map((line) => String(line.values[dim] ?? "–")))].sort() }),
      nameTextStyle: { color: colour(axis.kind === "metric" ? "models" : "ink-2"), fontSize: 11, fontFamily: FONT, width: 110, overflow: "truncate" },
      axisLine: { lineStyle: { color: colour("line-strong") } }, axisTick: { show: false },
      axisLabel: { color: colour("ink-3"), fontSize: 10.5, fontFamily: FONT, width: 70, overflow: "truncate", ...(numeric[dim] ? { formatter: tick } : {}) },
    })),
    series: data.lines.map((line, number) => ({
      type: "parallel", name: line.title, lineStyle: { width: 1.8, opacity: .9, ...look(colour, number) }, emphasis: { lineStyle: { width: 3 } },
      data: [{ name: line.title, value: line.values.map((value, dim) => (numeric[dim] ? value ?? "-" : String(value ?? "–"))) }],
    })),
  }));
  made.chart.on("click", (event) => {
    const href = address(data.lines[event.seriesIndex ?? -1]?.href);
    if (href) location.assign(href);
  });
  return made;
}
