// Everything that a page loads: htmx, the custom elements, and the habits of every page.

import "htmx.org";
import "./elements/ago";
import "./elements/charts";
import "./elements/curves";
import "./elements/search";
import "./elements/thread";
import "./elements/tree";
import "./pages";
