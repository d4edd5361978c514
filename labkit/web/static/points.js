// One point of a spectrum: chosen in a plot, by a button or in the table; told; left out or used again.
"use strict";

// options: view, state, masked, within, order (points from high to low frequency),
// change(edit) applies an edit to what is not kept yet and says what was refused, redraw
window.labkitPoints = ({ view, state, masked, within, order, change, redraw }) => {
  const { prefixed } = window.labkitPlots;
  const { say } = window.labkit;
  const place = (id) => document.querySelector(id);
  const f = view.frequency_hz;
  const stored = new Map((view.fit?.masked ?? []).map((point) => [point.index, point]));

  function who(point) {
    if (point.pending) return "not kept yet";
    return point.by ? `by ${point.by}` : "by labkit";
  }

  function tell() {
    const k = state.chosen;
    if (k === null) return;
    const left = masked().get(k);
    const ohm = (value) => (value === null ? "–" : `${Number(value.toPrecision(5))} Ω`.replace("-", "−"));
    const z = `Z′ ${ohm(view.z_real_ohm[k])}, Z″ ${ohm(view.z_imag_ohm[k])}`;
    say("#point", "");
    place("#point-name").textContent = `${prefixed(f[k])}, point p${k}`;
    place("#point-value").textContent = z;
    place("#point-state").textContent = left
      ? `Left out, ${who(left)}: ${left.reason}`
      : within(k) ? "Used: in the window of the fit." : "Measured; outside the window of the fit.";
    place("#point-card").hidden = false;
    const reason = place("#leave-out");
    if (!reason) return;
    reason.hidden = Boolean(left);
    place("#use-again").hidden = !left?.by;
  }

  function choose(k) {
    state.chosen = k;
    tell();
    redraw();
  }

  function step(by) {
    const at = order.indexOf(state.chosen);
    const to = at < 0 ? order.findIndex(within) : at + by;
    if (order.length) choose(order[Math.max(0, Math.min(order.length - 1, to))]);
  }

  place("#point-higher").addEventListener("click", () => step(-1));
  place("#point-lower").addEventListener("click", () => step(1));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-point]");
    if (!button) return;
    choose(Number(button.dataset.point));
    place("#point-card").scrollIntoView({ block: "center" });
    place("#point-card").focus({ preventScroll: true });
  });

  async function changed(edit, done) {
    const refused = await change(edit);
    tell();
    say("#point", refused ? `Not done: ${refused}` : done, refused ? "bad" : "good");
  }

  place("#leave-out")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const k = state.chosen;
    const field = event.target.elements.reason;
    const reason = field.value.trim().replace(/\s+/g, " ");
    if (!reason) {
      say("#point", "Say why: the reason stays with the result.", "bad");
      field.focus();
      return;
    }
    changed((pending) => {
      pending.unmask.delete(k);
      pending.mask.set(k, reason);
    }, "Left out, but not kept yet: R has followed; press Keep beside the result.");
  });
  place("#use-again")?.addEventListener("click", () => {
    const k = state.chosen;
    changed((pending) => {
      if (stored.get(k)?.by) pending.unmask.add(k);
      pending.mask.delete(k);
    }, "Used again, but not kept yet: R has followed; press Keep beside the result.");
  });

  // the table of what is left out follows what is tried
  function list() {
    const rows = [...masked()].sort(([a], [b]) => (f[b] ?? 0) - (f[a] ?? 0)).map(([k, point]) => {
      const row = document.createElement("tr");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link nowrap";
      button.dataset.point = k;
      button.textContent = prefixed(f[k]);
      const cells = [button, point.reason, point.pending ? "not kept yet" : (point.by ?? "labkit")];
      row.append(...cells.map((content) => {
        const cell = document.createElement("td");
        cell.append(content);
        return cell;
      }));
      return row;
    });
    place("#masked tbody").replaceChildren(...rows);
    place("#masked").hidden = !rows.length;
    place("#nothing-masked").hidden = Boolean(rows.length);
    tell();
  }

  list();
  return { choose, list };
};
