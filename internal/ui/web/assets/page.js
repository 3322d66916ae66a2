// What the page does by itself: it marks the bytes of a field without loading the
// page again, copies text, and follows the live feed. Whatever it shows it sets as
// text, never as markup.
"use strict";

const rowBytes = 16; // as in tree.go

// paint marks the bytes from start to end.
function paint(pre, start, end) {
	const parts = [];
	let at = 0;
	for (const line of pre.textContent.split("\n")) {
		if (!line) continue;
		const from = Math.min(Math.max(start - at, 0), rowBytes);
		const to = Math.min(Math.max(end - at, 0), rowBytes);
		at += rowBytes;
		if (from >= to) {
			parts.push(line + "\n");
			continue;
		}
		const digits = line.indexOf("  ") + 2, text = digits + 3 * rowBytes + 1;
		parts.push(line.slice(0, digits + 3 * from), mark(line.slice(digits + 3 * from, digits + 3 * to - 1)),
			line.slice(digits + 3 * to - 1, text + from), mark(line.slice(text + from, text + to)), line.slice(text + to) + "\n");
	}
	pre.replaceChildren(...parts);
	const first = pre.querySelector("mark");
	if (first) first.scrollIntoView({block: "nearest"});
}

function mark(text) {
	const m = document.createElement("mark");
	m.textContent = text;
	return m;
}

// choose shows a field's bytes and puts it into the address.
function choose(field) {
	const pre = document.getElementById("hex");
	for (const old of document.querySelectorAll(".tree .chosen")) old.classList.remove("chosen");
	field.classList.add("chosen");
	paint(pre, Number(field.dataset.start), Number(field.dataset.end));
	document.getElementById("where").textContent = `${field.dataset.path}, bytes ${field.dataset.start} to ${field.dataset.end}`;
	history.replaceState(null, "", field.href);
}

document.addEventListener("click", event => {
	if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
	const field = event.target.closest("a.field");
	if (field && !("elsewhere" in field.dataset) && !document.querySelector("a.field.chosen[data-elsewhere]")) {
		event.preventDefault();
		choose(field);
		return;
	}
	const copy = event.target.closest("a[data-copy]");
	if (copy && navigator.clipboard) {
		event.preventDefault();
		fetch(copy.href).then(r => r.ok ? r.text() : Promise.reject()).then(t => navigator.clipboard.writeText(t))
			.then(() => { document.getElementById("copied").textContent = "Copied."; }, () => { location.href = copy.href; });
	}
});

// The live feed. The server draws a sample of what happens and counts the rest.
const live = document.getElementById("live");
if (live) follow(live);

function follow(live) {
	const body = document.querySelector("#handshakes tbody"), rate = document.getElementById("rate"), pause = document.getElementById("pause");
	const mostRows = 200;
	let paused = false, all = 0, failed = 0, more = 0, waiting = [];
	live.hidden = false;
	pause.addEventListener("click", () => {
		paused = !paused;
		pause.textContent = paused ? "Go on" : "Pause";
		pause.setAttribute("aria-pressed", String(paused));
		if (!paused) draw();
	});
	const feed = new EventSource(live.dataset.feed);
	feed.onmessage = event => {
		const beat = JSON.parse(event.data);
		all += beat.all;
		failed += beat.failed;
		more += beat.more || 0;
		waiting.push(...beat.rows || []);
		waiting = waiting.slice(-mostRows);
		if (!paused) draw();
		count();
	};
	feed.onerror = () => { rate.textContent = "The server does not answer; trying again."; };
	feed.onopen = count;

	function count() {
		rate.textContent = `${all} since this page was opened, ${failed} failed` + (more ? `, ${more} not drawn` : "") +
			(paused && waiting.length ? `; ${waiting.length} waiting` : "");
	}
	function draw() {
		for (const row of waiting) body.prepend(line(row));
		waiting = [];
		while (body.rows.length > mostRows) body.lastElementChild.remove();
	}
}

// line makes a row of the table.
function line(row) {
	const tr = document.createElement("tr");
	if (row.failed) tr.className = row.stranger ? "stranger" : "failed";
	const link = document.createElement("a");
	link.href = "/handshake/" + encodeURIComponent(row.id);
	link.textContent = row.clock;
	const outcome = document.createElement("td");
	if (row.failed) {
		const strong = document.createElement("strong");
		strong.textContent = "failed";
		outcome.append(strong, ": " + (row.why || row.outcome));
	} else {
		outcome.textContent = row.outcome;
	}
	const cells = [link, row.client, row.name || "", row.version || "", row.suite || "", row.group || ""].map(content => {
		const td = document.createElement("td");
		td.append(content);
		return td;
	});
	const took = document.createElement("td");
	took.className = "number";
	took.textContent = `${row.millis.toFixed(2)} ms`;
	tr.append(...cells, outcome, took);
	return tr;
}
