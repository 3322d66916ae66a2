// What the page does by itself: it marks the bytes of a field, and the field of a
// byte, without loading the page again, walks through the tree with the arrow keys,
// copies text, and follows the live feed. Whatever it shows it sets as text, never as
// markup.
"use strict";

const rowBytes = 16; // as in tree.go

// digitsAt is where the digits of a line of the dump begin, textAt where its
// characters do.
function digitsAt(line) { return line.indexOf("  ") + 2; }
function textAt(line) { return digitsAt(line) + 3 * rowBytes + 1; }

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
		const digits = digitsAt(line), text = textAt(line);
		parts.push(line.slice(0, digits + 3 * from), mark(line.slice(digits + 3 * from, digits + 3 * to - 1)),
			line.slice(digits + 3 * to - 1, text + from), mark(line.slice(text + from, text + to)), line.slice(text + to) + "\n");
	}
	pre.replaceChildren(...parts);
	showMark(pre);
}

// showMark scrolls the dump to what is marked.
function showMark(pre) {
	const first = pre.querySelector("mark");
	if (first) pre.scrollTop += first.getBoundingClientRect().top - pre.getBoundingClientRect().top - pre.clientHeight / 3;
}
for (const pre of document.querySelectorAll("#hex")) showMark(pre); // that the server has marked

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
	if (field.parentElement.matches(".whole")) field.closest("details").firstElementChild.classList.add("chosen");
	paint(pre, Number(field.dataset.start), Number(field.dataset.end));
	document.getElementById("where").textContent = `${field.dataset.path}, bytes ${field.dataset.start} to ${field.dataset.end}`;
	history.replaceState(null, "", field.href);
}

// here reports whether the bytes that are shown are those that a field counts in.
function here(field) {
	return field && !("elsewhere" in field.dataset) && !document.querySelector("a.field.chosen[data-elsewhere]");
}

// byteAt gives the number of the byte at a point of the dump, -1 if there is none.
function byteAt(pre, x, y) {
	const at = document.caretPositionFromPoint ? document.caretPositionFromPoint(x, y) : null;
	if (!at || !pre.contains(at.offsetNode)) return -1;
	const before = document.createRange();
	before.setStart(pre, 0);
	before.setEnd(at.offsetNode, at.offset);
	const lines = before.toString().split("\n"), row = lines.length - 1, column = lines[row].length;
	const line = pre.textContent.split("\n")[row] || "";
	const byte = column >= textAt(line) ? column - textAt(line) : Math.floor((column - digitsAt(line)) / 3);
	return byte < 0 || byte >= rowBytes ? -1 : row * rowBytes + byte;
}

// fieldOf gives the smallest field that has a byte.
function fieldOf(byte) {
	let found = null;
	for (const f of document.querySelectorAll("a.field:not([data-elsewhere])")) {
		const start = Number(f.dataset.start), end = Number(f.dataset.end);
		if (byte >= start && byte < end && (!found || end - start <= found.dataset.end - found.dataset.start)) found = f;
	}
	return found;
}

document.addEventListener("click", event => {
	if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
	const field = event.target.closest("a.field");
	if (field) {
		if (!here(field)) return;
		event.preventDefault();
		choose(field);
		return;
	}
	const summary = event.target.closest(".tree summary");
	if (summary) {
		const whole = summary.parentElement.querySelector("a.field");
		if (here(whole)) choose(whole);
		return;
	}
	const pre = event.target.closest("#hex");
	if (pre) {
		const found = fieldOf(byteAt(pre, event.clientX, event.clientY));
		if (!here(found)) return;
		for (let d = found.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
		choose(found);
		found.scrollIntoView({block: "nearest"});
		return;
	}
	const row = event.target.closest("#handshakes tbody tr");
	if (row && !event.target.closest("a") && getSelection().isCollapsed) {
		row.querySelector("a").click();
		return;
	}
	const copy = event.target.closest("a[data-copy], a[data-link]");
	if (copy && navigator.clipboard) {
		event.preventDefault();
		const text = "link" in copy.dataset ? Promise.resolve(copy.href) : fetch(copy.href).then(r => r.ok ? r.text() : Promise.reject());
		text.then(t => navigator.clipboard.writeText(t))
			.then(() => { document.getElementById("copied").textContent = "Copied."; }, () => { location.href = copy.href; });
	}
});

// The arrow keys go through the tree: up and down from line to line, right opens, left
// closes. Escape closes what explains a word.
document.addEventListener("keydown", event => {
	if (event.key === "Escape") {
		document.body.classList.add("quiet");
		return;
	}
	const now = event.target.closest(".tree a.field, .tree summary");
	if (!now || event.ctrlKey || event.altKey || event.metaKey) return;
	const lines = [...document.querySelectorAll(".tree a.field, .tree summary")].filter(e => e.checkVisibility());
	const to = {ArrowDown: 1, ArrowUp: -1}[event.key];
	if (to) {
		const next = lines[lines.indexOf(now) + to];
		if (next) next.focus();
	} else if (event.key === "ArrowRight" && now.matches("summary")) {
		now.parentElement.open = true;
	} else if (event.key === "ArrowLeft") {
		const own = now.closest("details");
		if (!own) return;
		own.open = false;
		own.firstElementChild.focus();
	} else {
		return;
	}
	event.preventDefault();
});
for (const what of ["pointerover", "focusin"]) {
	document.addEventListener(what, event => {
		if (event.target.closest(".term, svg a")) document.body.classList.remove("quiet");
	});
}

// The live feed. The server draws a sample of what happens and counts the rest.
const live = document.getElementById("live");
if (live) follow(live);

function follow(live) {
	const body = document.querySelector("#handshakes tbody"), rate = document.getElementById("rate"), pause = document.getElementById("pause");
	const template = document.getElementById("row").content.firstElementChild;
	const mostRows = 200, number = new Intl.NumberFormat("en");
	const beats = []; // of the last seconds
	let paused = false, calm = true, all = 0, failed = 0, more = 0, waiting = [];
	live.hidden = false;
	pause.addEventListener("click", () => {
		paused = !paused;
		pause.textContent = paused ? "Go on" : "Pause";
		pause.setAttribute("aria-pressed", String(paused));
		live.classList.toggle("paused", paused);
		if (!paused) draw();
		count();
	});
	const feed = new EventSource(live.dataset.feed);
	feed.onmessage = event => {
		const beat = JSON.parse(event.data), now = Date.now();
		all += beat.all;
		failed += beat.failed;
		more += beat.more || 0;
		calm = !beat.more; // where much happens that something is new is no news
		beats.push({now, all: beat.all});
		while (beats[0].now < now - 5000) beats.shift();
		waiting.push(...beat.rows || []);
		waiting = waiting.slice(-mostRows);
		if (!paused) draw();
		count();
	};
	feed.onerror = () => {
		live.classList.add("lost");
		rate.textContent = "The server does not answer; trying again.";
	};
	feed.onopen = () => {
		live.classList.remove("lost");
		count();
	};

	function count() {
		const second = beats.reduce((sum, b) => sum + b.all, 0) / 5;
		const parts = [bold(all), " since this page was opened, ", bold(failed, failed ? "bad" : ""), " failed"];
		if (second >= 1) parts.push(`, ${number.format(Math.round(second))} a second`);
		if (more) parts.push(`, ${number.format(more)} not drawn`);
		if (paused && waiting.length) parts.push(`; ${waiting.length} waiting`);
		rate.replaceChildren(...parts);
	}
	function bold(n, look) {
		const b = document.createElement("b");
		if (look) b.className = look;
		b.textContent = number.format(n);
		return b;
	}
	function draw() {
		if (!waiting.length) return;
		document.querySelector(".count").hidden = true; // it is of what was there
		body.closest(".scroll").classList.remove("none");
		const there = new Set([...body.rows].map(address));
		for (const row of waiting) {
			const tr = line(template, row);
			if (calm) tr.classList.add("new");
			if (!there.has(address(tr))) body.prepend(tr);
		}
		waiting = [];
		while (body.rows.length > mostRows) body.lastElementChild.remove();
	}
}

// address gives where a row of the table leads.
function address(tr) { return tr.querySelector("a").getAttribute("href"); }

// line makes a row of the table out of its template.
function line(template, row) {
	const tr = template.cloneNode(true);
	tr.className = row.look;
	tr.querySelector("a").href = "/handshake/" + encodeURIComponent(row.id);
	tr.querySelector("time").textContent = row.time;
	tr.querySelector("strong").textContent = row.word;
	tr.querySelector(".reason").textContent = row.reason;
	for (const name of ["site", "version", "suite", "group", "client", "took"]) tr.querySelector("." + name).textContent = row[name];
	return tr;
}
