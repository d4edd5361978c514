"""The whole job by hand in a real browser: what the page says is what the database holds."""

from __future__ import annotations

import base64
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.web.app import create_app
from labkit.workflows.analysing import examine_measurement
from labkit.workflows.demonstration import add_demonstration_labels
from labkit.workflows.describing import tree_of_pool
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab, create_lab, open_lab
from labkit.workflows.labelling import propose_label
from labkit.workflows.pellets import add_pellet
from labkit.workflows.ranking import rank_candidates
from labkit.workflows.simulating import simulate_temperature_series
from labkit.workflows.structure_pool import add_structures
from labkit.workflows.substitution_series import vegard_of_batch
from labkit.workflows.watching import Watch
from labkit.workflows.watching_aside import WatchAside
from screening.structures import read_materials_project_table
from tests.labkit.silicon_series import refine_silicon

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_MS = 60_000
DROP = """([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name));
    const drop = document.querySelector("#drop");
    for (const kind of ["dragenter", "dragover", "drop"]) {
        drop.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }
}"""  # noqa: E501


@pytest.fixture(scope="module")
def chromium() -> str:
    """Return the Chromium of this machine, or skip."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    pytest.skip("no Chromium on this machine ('apt-get install chromium')")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lab with prototype structures and printed labels, ranked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LABKIT_DATABASE_URL", raising=False)
        lab = create_lab(tmp_path_factory.mktemp("browser-pool") / "lab")
        add_structures(lab, ["prototypes"])
        add_demonstration_labels(lab, "reader")
        tree_of_pool(lab)
        lab.database.close()
    return lab.folder


@pytest.fixture
def lab(pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.delenv("LABKIT_DATABASE_URL", raising=False)
    folder = tmp_path / "lab"
    shutil.copytree(pool, folder)
    opened = open_lab(folder)
    yield opened
    opened.database.close()


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """Return a folder that is watched while the page is served."""
    folder = tmp_path / "watched"
    folder.mkdir()
    return folder


@pytest.fixture
def address(lab: Lab, watched: Path) -> Iterator[str]:
    """Serve the lab as ``labkit serve`` does and return its address."""
    import uvicorn

    from labkit.web.server import listen_on

    listener = listen_on("127.0.0.1", 0)
    watch = WatchAside(Watch(lab, watched, settle_s=0.2), poll_s=0.1)
    app = create_app(lab, local_person="A. See", watch=watch)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=30)
    listener.close()


@pytest.fixture
def page(chromium: str, address: str) -> Iterator[Any]:
    """Return a page of a headless browser; a script that fails fails the test."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 900}, base_url=address)
        opened.set_default_timeout(WAIT_MS)
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security" in line.text else None,
        )
        yield opened
        browser.close()
        assert errors == []


def _whole_job(page: Any, lab: Lab, path: Path, pellet: dict[str, str], structure: str) -> None:
    page.goto("/")
    page.get_by_role("button", name="New pellet").click()
    for name, value in pellet.items():
        page.locator(f"#new-pellet [name={name}]").fill(value)
    page.get_by_role("button", name="Add pellet").click()
    page.locator(f"#upload-pellet option[value='{pellet['name']}']").wait_for(state="attached")

    content = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(DROP, [path.name, content])
    card = page.locator("article", has_text=path.name)
    card.wait_for()
    card.locator("select[name=pellet]").select_option(pellet["name"])
    card.get_by_role("button", name="Save").click()
    page.locator("article", has_text=path.name).get_by_text("S/cm").wait_for()
    page.locator("article", has_text=path.name).get_by_role("link", name="M1", exact=True).click()

    page.locator("body[data-ready=yes]").wait_for()
    stored = page.evaluate("labkit.data('view').fit")
    shown = page.locator("#resistance").inner_text()
    handle = page.locator("#handle-low")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    far = page.locator("#handle-high").bounding_box()["x"] - box["x"]
    page.mouse.move(middle[0] + 0.25 * far, middle[1], steps=6)
    page.mouse.up()
    page.locator("#kind", has_text="tried, not kept").wait_for()
    assert page.locator("#resistance").inner_text() != shown
    handle.press("ArrowRight")
    page.locator("#keep:enabled").click()
    page.locator("#source", has_text="set by hand by A. See").wait_for()
    page.locator("body[data-ready=yes]").wait_for()
    kept = page.evaluate("labkit.data('view').fit")
    assert kept["window_hz"][0] > stored["window_hz"][0]
    assert kept["window_hz"][1] == stored["window_hz"][1]

    page.locator("#propose [name=structures]").fill(structure)
    page.get_by_role("button", name="Propose", exact=True).click()
    page.locator("#decide").wait_for()
    label = page.locator("h1").inner_text().split()[0]
    page.locator("#decide [name=reason]").fill("the tail is straight")
    if page.locator("#decide [name=because]").count():
        page.locator("#decide [name=because]").fill("looked at it")
    page.get_by_role("button", name="Accept").click()
    page.locator("#moved .note.good").wait_for()
    moved = page.locator("#moved li").all_inner_texts()
    assert moved and all(label in sentence for sentence in moved)
    page.get_by_role("link", name="See the candidates").click()
    page.get_by_role("heading", name="What moved, and why").wait_for()
    assert label in page.locator("main").inner_text()

    _database_agrees(lab, kept, label, structure, pellet["name"])


def _database_agrees(
    lab: Lab, kept: dict[str, Any], label: str, structure: str, pellet: str
) -> None:
    from labkit.workflows.explaining import explain
    from labkit.workflows.labelling import show_label

    again = open_lab(lab.folder)
    stored = examine_measurement(again, "M1")
    assert stored["details"]["resistance_ohm"] == kept["resistance_ohm"]
    assert stored["sigma_S_per_cm"] == kept["sigma_S_per_cm"]
    assert stored["window_hz"] == kept["window_hz"]
    shown = show_label(again, label)
    assert (shown["state"], shown["reviewed_by"]) == ("accepted", "A. See")
    assert shown["sigma_S_per_cm"] == kept["sigma_S_per_cm"]
    assert shown["structures"] == [structure]
    assert shown["source"] == kept["analysis"]
    assert pellet in str(explain(again, label))
    assert explain(again, "R2")["kind"] == "ranking"
    again.database.close()


def test_a_simulated_file_goes_from_drop_to_candidate(page: Any, lab: Lab, tmp_path: Path) -> None:
    made = simulate_temperature_series(tmp_path, count=1, seed=3, sigma25_S_per_cm=1e-3, name="LN")
    pellet = {"name": "LN-1", "formula": "Li3N", "thickness": "0.80mm+-0.01mm",
              "diameter": "6.35mm+-0.02mm"}  # fmt: skip
    rank_candidates(lab)
    structure = "prototype-Li3N-lithium-nitride"
    _whole_job(page, lab, Path(made["files"][0]), pellet, structure)


def test_the_real_argyrodite_goes_from_drop_to_candidate(
    page: Any, lab: Lab, data_dir: Path, tmp_path: Path
) -> None:
    path = data_dir / "eis/biologic/hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.mpr"
    pellet = {"name": "LPSCl-1", "formula": "Li6PS5Cl", "thickness": "0.81mm+-0.01mm",
              "diameter": "6.35mm+-0.02mm"}  # fmt: skip
    table = data_dir / "structures/li_mp_structures.csv.gz"
    (record,) = read_materials_project_table(table, ids=["mp-985592"])
    cif = tmp_path / "argyrodite.cif"
    cif.write_text(record.cif, encoding="utf-8")
    add_structures(lab, [str(cif)])
    rank_candidates(lab)
    _whole_job(page, lab, path, pellet, "cif-argyrodite")


PIXEL = """([id, k]) => {
    const place = document.getElementById(id);
    const view = labkit.data("view");
    const { xaxis, yaxis } = place._fullLayout;
    const box = place.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.d2p(view.z_real_ohm[k]),
            box.top + yaxis._offset + yaxis.d2p(-view.z_imag_ohm[k])];
}"""


def test_bad_points_are_left_out_with_a_reason_and_used_again(
    page: Any, lab: Lab, tmp_path: Path
) -> None:
    """Five neighbours of the tail are 5 % too high; without them R is the truth."""
    frequency = log_frequencies(7e6, 0.1)
    pellet = Pellet(arcs=(Arc(2500.0, 1e-11, 0.95),), tail_q=2e-6, tail_n=0.9)
    _, z = simulate_pellet(pellet, frequency, noise=0.003, seed=4)
    bad = [k for k, hertz in enumerate(frequency) if 1e3 < hertz < 3e3]
    z = z.copy()
    z[bad] *= 1.05
    path = tmp_path / "spoiled_25C.mpr"
    write_mpr(path, [ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, technique="PEIS")])
    import_paths(lab, [path])
    reason = "press <b>touched</b>, $5"

    page.goto("/measurements/M1")
    page.locator("body[data-ready=yes]").wait_for()
    stored = page.evaluate("labkit.data('view').fit")
    assert abs(stored["resistance_ohm"] - 2500) > 25
    place = page.evaluate(PIXEL, ["nyquist", bad[-1]])
    page.mouse.click(*place)
    page.locator("#point-name", has_text=f"point p{bad[-1]}").wait_for()
    page.locator("#leave-out button").click()
    page.locator("#point.bad", has_text="Say why").wait_for()
    page.locator("#leave-out [name=reason]").fill(reason)
    page.locator("#leave-out button").click()
    page.locator("#point-state", has_text=f"not kept yet: {reason}").wait_for()
    # the others by the keyboard; the reason is still there
    for k in reversed(bad[:-1]):
        page.locator("#point-higher").press("Enter")
        page.locator("#point-name", has_text=f"point p{k}").wait_for()
        page.locator("#leave-out [name=reason]").press("Enter")
        page.locator("#point-state", has_text="not kept yet").wait_for()
    page.locator("#n-points", has_not_text=str(stored["n_points"])).wait_for()
    shown = page.locator("#resistance").inner_text()
    assert page.evaluate("fetch('/api/measurements/M1').then((a) => a.json())")["earlier"] == []
    page.get_by_role("button", name="Keep with 5 points left out").click()
    page.locator("#masked td", has_text="A. See").first.wait_for()
    page.locator("body[data-ready=yes]").wait_for()
    kept = page.evaluate("labkit.data('view').fit")
    assert page.locator("#resistance").inner_text() == shown
    _masks_agree(lab, kept, bad, reason)

    # all is undone where a person takes the points back one by one
    for _ in bad:
        page.locator("#masked tr", has_text="A. See").locator("[data-point]").first.click()
        page.locator("#use-again").click()
        page.locator("#point", has_text="Used again").wait_for()
    assert page.locator("#masked tr", has_text="A. See").count() == 0
    page.get_by_role("button", name="Keep with 5 points used again").click()
    page.locator("#kind", has_text="as stored").wait_for()
    page.locator("body[data-ready=yes]").wait_for()
    again = page.evaluate("labkit.data('view').fit")
    assert (again["resistance_ohm"], again["masked"]) == (stored["resistance_ohm"], [])


def _masks_agree(lab: Lab, kept: dict[str, Any], bad: list[int], reason: str) -> None:
    from labkit.workflows.replaying import replay_analyses

    again = open_lab(lab.folder)
    stored = examine_measurement(again, "M1")
    masked = stored["details"]["masked"]
    assert [point["index"] for point in masked] == bad
    assert {(point["reason"], point["by"]) for point in masked} == {(reason, "A. See")}
    assert stored["resistance_ohm"] == kept["resistance_ohm"]
    assert stored["analysis"] == kept["analysis"]
    assert abs(stored["resistance_ohm"] - 2500) < 10
    assert replay_analyses(again)["different"] == []
    again.database.close()


def test_the_automatic_window_is_kept_again(page: Any, lab: Lab, tmp_path: Path) -> None:
    made = simulate_temperature_series(tmp_path, count=1, seed=3, sigma25_S_per_cm=1e-3)
    import_paths(lab, [Path(path) for path in made["files"]])
    page.goto("/measurements/M1")
    page.locator("body[data-ready=yes]").wait_for()
    automatic = page.evaluate("labkit.data('view').fit")
    # a handle that is pressed and not dragged chooses the point under it, and moves nothing
    page.locator("#handle-low").click()
    page.locator("#point-state", has_text="in the window of the fit").wait_for()
    assert page.locator("#kind").inner_text() == "as stored"
    page.locator("#handle-low").press("ArrowRight")
    page.get_by_role("button", name="Keep this window").click()
    page.locator("#source", has_text="set by hand by A. See").wait_for()
    page.locator("body[data-ready=yes]").wait_for()

    page.locator("#automatic").click()
    page.get_by_role("button", name="Keep the automatic window").click()
    page.locator("#kind", has_text="as stored").wait_for()
    page.locator("body[data-ready=yes]").wait_for()

    kept = page.evaluate("labkit.data('view').fit")
    assert kept["window_hz"] == automatic["window_hz"]
    assert kept["window_set_by"] is None
    assert kept["created_by"] == "A. See"
    assert page.locator("#earlier-title").count() == 1


def test_a_pattern_is_drawn_with_its_difference_and_what_no_phase_explains(
    page: Any, lab: Lab, tmp_path: Path
) -> None:
    refined = refine_silicon(lab, tmp_path, "silicon")
    page.goto("/batches/silicon")
    page.locator(f"#pattern[data-drawn={refined[0]['analysis']}]").wait_for()

    page.locator("#pattern-choice").select_option(refined[3]["analysis"])
    page.locator(f"#pattern[data-drawn={refined[3]['analysis']}]").wait_for()

    drawn = page.evaluate("document.querySelector('#pattern').data.map((one) => one.name)")
    assert {"observed", "calculated", "background", "difference"} <= set(drawn)
    peaks = len(refined[3]["residual_peaks"])
    marks = page.locator("#pattern .annotation", has_text="impurity?")
    assert marks.count() == min(peaks, 8) > 0
    assert "Impurity? No phase explains" in page.locator("#pattern-phases").inner_text()
    page.get_by_role("link", name=f"why {refined[3]['analysis']}").click()
    page.get_by_text("si-3.xy").first.wait_for()


def test_a_report_asks_for_nothing_else_and_prints(page: Any, lab: Lab, tmp_path: Path) -> None:
    refine_silicon(lab, tmp_path, "silicon")
    page.goto("/batches/silicon")
    page.get_by_role("link", name="Report of this batch").click()
    page.get_by_role("heading", name="Batch silicon").wait_for()

    # in a window of its own, where nothing that the page before asked for comes late
    alone = page.context.browser.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(page.url)
    alone.get_by_role("heading", name="Batch silicon").wait_for()
    alone.close()
    assert [url for url in asked if not url.startswith("data:")] == [page.url]
    widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) == 4 and min(widths) > 500
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert len(sheets) >= 3
    assert all(abs(float(w) - 595) < 2 and abs(float(h) - 842) < 2 for w, h in sheets)


def test_a_file_that_appears_in_the_watched_folder_appears_on_the_inbox(
    page: Any, watched: Path, tmp_path: Path
) -> None:
    made = simulate_temperature_series(tmp_path, count=1, seed=3)
    page.goto("/")
    page.get_by_text("nothing since the server was started").wait_for()

    (watched / "cell_25C.mpr").write_bytes(Path(made["files"][0]).read_bytes())

    page.locator("#watched").get_by_text("cell_25C.mpr").wait_for()
    page.locator("article", has_text="cell_25C.mpr").get_by_text("Which pellet?").wait_for()
    watched.rename(watched.with_name("unplugged"))
    page.get_by_text("is the drive connected?").wait_for()


@pytest.mark.slow
def test_no_page_has_a_serious_fault_of_accessibility(
    page: Any, address: str, lab: Lab, tmp_path: Path, watched: Path
) -> None:
    """The rules of axe-core on every page, light and dark."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is missing")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    _fill_for_looking(lab, tmp_path)
    (watched / "broken_25C.mpr").write_bytes(b"BIO-LOGIC no more")
    faults: list[str] = []
    for scheme in ("light", "dark"):
        context = page.context.browser.new_context(
            base_url=address, color_scheme=scheme, bypass_csp=True
        )
        looked_at = context.new_page()
        for path in PAGES:
            looked_at.goto(path)
            looked_at.wait_for_load_state("networkidle")
            looked_at.evaluate(script)
            found = looked_at.evaluate("axe.run(document)")["violations"]
            faults += [
                f"{scheme} {path}: {one['id']}, {one['nodes'][0]['html'][:100]}"
                for one in found
                if one["impact"] in ("serious", "critical")
            ]
        context.close()
    assert faults == []


TITLE_OVER_TICKS = """() => {
    const box = (node) => node.getBoundingClientRect();
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const found = [];
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
        const title = plot.querySelector(".ytitle");
        for (const tick of plot.querySelectorAll(".ytick text")) {
            if (title && meet(box(title), box(tick))) found.push(`${plot.id}: ${tick.textContent}`);
        }
    }
    return found;
}"""  # noqa: E501


@pytest.mark.parametrize("width", [1280, 820])
def test_axes_can_be_read_and_numbers_keep_their_units(
    page: Any, lab: Lab, tmp_path: Path, width: int
) -> None:
    """A spectrum of some hundred kilohms, whose modulus spans less than a decade and a half."""
    add_pellet(lab, "LBS-1", formula="Li3BS3", thickness="0.8mm", diameter="6.35mm")
    made = simulate_temperature_series(tmp_path / "made", count=1, seed=5, sigma25_S_per_cm=1e-6)
    import_paths(lab, [Path(path) for path in made["files"]], pellet="LBS-1")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/measurements/M1")
    page.locator("body[data-ready=yes]").wait_for()
    page.locator("#bode .ytick text").first.wait_for()
    assert page.evaluate(TITLE_OVER_TICKS) == []
    across = page.locator("#nyquist .xtick text").all_text_contents()
    up = page.locator("#nyquist .ytick text").all_text_contents()
    assert len(across) >= 3
    assert not [tick for tick in across + up if "×" in tick or "," in tick]
    assert page.locator("#bode .ytick text").count() >= 3
    shown = page.evaluate("document.querySelector('#nyquist')._fullLayout.xaxis.range")
    assert shown[0] > -0.1 * shown[1]
    sigma = page.locator("#sigma").inner_text()
    assert sigma.endswith("\u00a0S/cm")


PAGES = (
    *("/", "/measurements", "/measurements/M1", "/measurements/compare?id=M1&id=M2"),
    *("/pellets", "/pellets/LBS-1", "/batches/LBS", "/labels", "/labels?state=all"),
    *("/conflicts", "/candidates", "/clusters", "/structures/prototype-Li3N-lithium-nitride"),
    *("/why/M1", "/nothing", "/batches/silicon"),
    *("/reports/batches/LBS", "/reports/batches/silicon", "/reports/rankings/R1"),
)


def _fill_for_looking(lab: Lab, folder: Path) -> None:
    add_pellet(lab, "LBS-1", formula="Li3BS3", batch="LBS", thickness="0.8mm", diameter="6.35mm")
    made = simulate_temperature_series(folder, count=4, seed=5, sigma25_S_per_cm=1e-6)
    import_paths(lab, [Path(path) for path in made["files"]], pellet="LBS-1")
    examine_measurement(lab, "M1", mask=["p40"], because="a door", set_by="A. See")
    propose_label(lab, "M1", actor="A. See")
    refine_silicon(lab, folder, "silicon")
    vegard_of_batch(lab, "silicon")
    rank_candidates(lab)
