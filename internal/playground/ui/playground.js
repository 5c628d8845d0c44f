// The playground's entry: GraphiQL below, the bar above, one session between.
import { Bar } from "./bar.js";
import { createFetcher } from "./fetcher.js";
import { Ids } from "./ids.js";
import { createSession } from "./session.js";

const { React, ReactDOM, GraphiQL } = window;
const h = React.createElement;
const config = JSON.parse(document.body.dataset.config);
const session = createSession();
const ids = new Ids(config.kinds);

// What GraphiQL would keep in localStorage: tabs, history and answers may hold
// secrets, so they live in memory and go with the page. Only the theme stays.
function memoryStorage() {
  const kept = new Map();
  const home = (key) => (key === "graphiql:theme" ? localStorage : null);
  return {
    getItem: (key) => (home(key) ? home(key).getItem(key) : kept.get(key) ?? null),
    setItem: (key, value) => (home(key) ? home(key).setItem(key, value) : kept.set(key, value)),
    removeItem: (key) => (home(key) ? home(key).removeItem(key) : kept.delete(key)),
    clear: () => kept.clear(),
    get length() {
      return kept.size;
    },
  };
}

// GraphiQL's editor, for the list of scenarios; set by the component below,
// because only a component inside GraphiQL can reach it.
let editor = null;

function Reach() {
  editor = GraphiQL.React.useEditorContext({ nonNull: true });
  return null;
}

// Brings the open tab into sight: not all of them fit into the row.
function reveal() {
  document.querySelector(".graphiql-tab-active")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// The class of the open tab is told by React later than onTabChange: whoever
// opened it, and however, it is the attribute that changes.
new MutationObserver((changes) => {
  if (changes.some(({ target }) => target.classList?.contains("graphiql-tab-active"))) reveal();
}).observe(document.getElementById("graphiql"), { attributes: true, attributeFilter: ["class"], subtree: true });

const operationName = (query) => /^(?:query|mutation)\s+(\w+)/m.exec(query)?.[1];

// Goes to a scenario's tab, or opens it again if it has been closed.
function open(tab) {
  const at = editor.tabs.findIndex((t) => t.title === operationName(tab.query));
  if (at >= 0) {
    editor.changeTab(at);
    return;
  }
  // A tab begins with a text of GraphiQL's when it is drawn, so ours must come
  // later. The timer keeps the order of updates: React does one that overtakes
  // others a second time, and our text would be gone.
  setTimeout(() => {
    const count = editor.tabs.length;
    editor.addTab();
    const fill = () => {
      if (editor.tabs.length <= count) {
        requestAnimationFrame(fill);
        return;
      }
      editor.queryEditor.setValue(tab.query);
      editor.variableEditor?.setValue(tab.variables);
    };
    requestAnimationFrame(fill);
  });
}

const bar = new Bar({ config, session, ids, open });
const storage = memoryStorage();
const root = ReactDOM.createRoot(document.getElementById("graphiql"));

// A new fetcher makes GraphiQL read the schema again: each role has its own.
function render() {
  root.render(
    h(
      GraphiQL,
      {
        fetcher: createFetcher(config.endpoint, session, ids),
        storage,
        defaultTabs: config.tabs.map(({ query, variables }) => ({ query, variables })),
        shouldPersistHeaders: false,
        defaultEditorToolsVisibility: "variables",
        onTabChange: ({ tabs, activeTabIndex }) => {
          const title = tabs[activeTabIndex]?.title;
          bar.showScenario(config.tabs.findIndex((t) => operationName(t.query) === title));
        },
      },
      h(GraphiQL.Logo, null, h(Reach)),
    ),
  );
}

// Who is signed in is known first, so that the schema is read once.
await session.start();
session.subscribe(render);
render();
