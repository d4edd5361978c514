// The watched folder on the inbox: asked every few seconds; cards are drawn afresh when files came.
"use strict";

(() => {
  const EVERY_MS = 3000;
  const { call, refresh } = window.labkit;
  const panel = () => document.querySelector("#watched");
  let said = null;
  let drawn = Number(panel().dataset.arrived); // files that the cards on this page know of

  // what somebody is filling in must not be taken away under their hands
  function somebodyTypes() {
    const cards = document.querySelector("#cards");
    return (
      (cards.contains(document.activeElement) && document.activeElement.matches("input, select")) ||
      [...cards.querySelectorAll("input")].some((field) => field.value !== field.defaultValue)
    );
  }

  async function everything() {
    await refresh("#watched", "#cards", "#counts");
    drawn = Number(panel().dataset.arrived);
  }

  function offer(count) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = count === 1 ? "Show the new file" : `Show ${count} new files`;
    button.addEventListener("click", everything);
    document.querySelector("#watched-says").replaceChildren(button);
  }

  async function look() {
    if (document.hidden || panel().contains(document.activeElement)) return;
    let state;
    try {
      state = await call("GET", "/api/files/watched");
    } catch {
      return; // the server is away; the next look tells
    }
    const now = JSON.stringify({ ...state, looked_at: null });
    if (now === said) return;
    said = now;
    const came = state.counts.imported + state.counts.completed - drawn;
    if (came > 0 && !somebodyTypes()) {
      await everything();
      return;
    }
    await refresh("#watched");
    if (came > 0) offer(came);
  }

  setInterval(look, EVERY_MS);
})();
