// Runs once for each gr.HTML of the page, with that component's `element` and `trigger`.
// Clicks on anything with data-act go to Python as the event "act"; Python trusts none of it.
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  if (button.dataset.act === "describe") return document.querySelector("#box textarea").focus();
  trigger("act", { act: button.dataset.act, id: button.dataset.id });
  if (button.dataset.act === "choose") {
    document.getElementById("window").scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
});

// The conversation keeps its newest message in sight.
new MutationObserver(() => {
  const log = element.querySelector(".log");
  if (log) log.scrollTop = log.scrollHeight;
}).observe(element, { childList: true, subtree: true, characterData: true });
