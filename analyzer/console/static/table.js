// Tables of a page without a server: a click on a heading sorts, typing filters.
for (const table of document.querySelectorAll("main .sheet table")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const key = (row, k) => {
    const text = row.cells[k].textContent;
    const number = Number(text);
    return text !== "" && !Number.isNaN(number) ? number : text;
  };
  [...table.tHead.rows[0].cells].forEach((head, k) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sorted = [...rows].sort((a, b) => {
        const x = key(a, k), y = key(b, k);
        return (typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1) * (up ? 1 : -1);
      });
      body.append(...sorted);
    });
  });
  const filter = table.closest("section").querySelector(".filter");
  filter.hidden = false;
  const output = filter.querySelector("output");
  filter.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    output.textContent = wanted ? `${shown} of ${rows.length}` : "";
  });
}
