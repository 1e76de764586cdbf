// Runs once for each gr.HTML of the page, with that component's `element` and `trigger`.
// Clicks on anything with data-act go to Python as the event "act"; Python trusts none of it.
element.addEventListener("click", (event) => {
  const view = event.target.closest("[data-view]");
  if (view) return showView(view);
  const button = event.target.closest("[data-act]");
  if (!button) return;
  if (button.dataset.act === "describe") return document.querySelector("#box textarea").focus();
  const turn = button.closest("[data-turn]")?.dataset.turn;
  trigger("act", { act: button.dataset.act, id: button.dataset.id, turn });
  if (["choose", "alike"].includes(button.dataset.act)) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    document.getElementById("card").scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }
});

// What is forgotten in one tab is forgotten in all: another one would keep it again with its next move.
if (element.closest("#keeping")) {
  addEventListener("storage", (event) => {
    if (event.key === "lavic-chat-history" && event.newValue === null) location.reload();
  });
}

// Where annotators have passwords, the shoppers' page shows the links to their pages only in a browser that one of them
// has signed in with; what is behind these asks for the password all the same.
const signedIn = "lavic-chat-annotator";
if (element.closest("#masthead") && localStorage.getItem(signedIn)) element.dataset.within = "";
if (element.closest("#task, #catalogue")) {
  new MutationObserver(() => {
    if (element.querySelector(".desk, .owner")) localStorage.setItem(signedIn, "1");
  }).observe(element, { childList: true, subtree: true });
}

// The annotation page by keys: what carries data-key is pressed by it, unless somebody is writing.
if (element.closest("#task")) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !element.isConnected) return;
    if (event.target.closest("input, textarea, select")) return;
    element.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
  });
}

// Another picture of the same product: no need to ask Python.
const showView = (view) => {
  view.closest(".frame").querySelector("img").src = view.querySelector("img").src;
  for (const other of view.parentElement.children) other.setAttribute("aria-pressed", String(other === view));
};

// The conversation keeps its newest message in sight, also when an error or a photo takes some of its room.
const showNewest = () => {
  const log = element.querySelector(".log");
  if (log) log.scrollTop = log.scrollHeight;
};
new MutationObserver(showNewest).observe(element, { childList: true, subtree: true, characterData: true });
element.addEventListener("load", showNewest, true);
new ResizeObserver(showNewest).observe(element.closest("#conversation") ?? element);

// What is disabled while the model looks loses the focus: give it back afterwards. Not on phones, where a
// focused text box opens the keyboard over the answer.
if (element.querySelector(".status") && matchMedia("(hover: hover)").matches) {
  let last = null;
  document.addEventListener("focusin", (event) => (last = event.target));
  new MutationObserver(() => {
    if (!last || element.querySelector(".looking")) return;
    setTimeout(() => {
      if (document.activeElement !== document.body) return;
      const next = last.closest(".conditions") && document.querySelector("#conditions button");
      const target = last.isConnected ? last : next || document.querySelector("#box textarea");
      target.focus({ preventScroll: true });
    }, 100);
  }).observe(element, { childList: true, subtree: true, attributes: true, characterData: true });
}
