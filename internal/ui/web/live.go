package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	tick        = 250 * time.Millisecond
	mostDrawn   = 12  // rows that are drawn at a tick, failures first; the rest is counted
	mostLooked  = 200 // handshakes whose cause or program is found out at a tick, for a filter
	mostReaders = 32  // of the feed at a time
)

// A beat is what has happened since the last tick.
type beat struct {
	Rows   []line `json:"rows,omitempty"` // the oldest first
	More   int    `json:"more,omitempty"` // that the filter chooses and that are not drawn
	All    int    `json:"all"`            // handshakes, of the filter or not
	Failed int    `json:"failed"`         // of them failures
}

// A line is a row of the list, in the words that the page shows: the script puts
// each where the template has it.
type line struct {
	ID      string `json:"id"`
	Look    string `json:"look"`
	Time    string `json:"time"`
	Site    string `json:"site"`
	Word    string `json:"word"`
	Reason  string `json:"reason"`
	Version string `json:"version"`
	Suite   string `json:"suite"`
	Group   string `json:"group"`
	Client  string `json:"client"`
	Took    string `json:"took"`
}

func lineOf(r *Row) line {
	return line{r.ID, r.Look(), r.Clock(), r.Name, r.Word(), r.Reason(), r.Version, r.Suite, r.Group, r.Client, took(r.Millis)}
}

// since gives what has happened after the handshake of a number, and the number of
// the last.
func (f *Feed) since(after uint64, filter *Filter) (b beat, last uint64) {
	f.mu.Lock()
	last = f.total
	list := make([]*kept, 0, min(last-after, mostKept))
	for n := max(after+1, last-min(last, mostKept)+1); n <= last; n++ {
		if k := f.all.at(n); k != nil {
			list = append(list, k)
		}
	}
	f.mu.Unlock()
	b.All = int(last - after)
	var bad, good []*kept
	looked := 0
	for _, k := range list {
		if k.failure > 0 {
			b.Failed++
		}
		if !filter.mayWant(k.handshake) {
			continue
		}
		if !filter.plain() {
			if looked++; looked > mostLooked || !filter.Wants(f.full(k)) {
				continue
			}
		}
		if k.failure > 0 && !stranger(k.handshake.Failure.Fault) {
			bad = append(bad, k)
		} else {
			good = append(good, k)
		}
	}
	// Failures stand out, and so the latest of them come first; but not alone.
	most := mostDrawn - min(len(good), mostDrawn/4)
	b.More = max(0, len(bad)-most)
	bad = bad[len(bad)-min(len(bad), most):]
	rest := mostDrawn - len(bad)
	b.More += max(0, len(good)-rest)
	good = good[len(good)-min(len(good), rest):]
	for len(bad)+len(good) > 0 {
		from := &bad
		if len(bad) == 0 || len(good) > 0 && good[0].number < bad[0].number {
			from = &good
		}
		b.Rows = append(b.Rows, lineOf(f.full((*from)[0])))
		*from = (*from)[1:]
	}
	return b, last
}

// follow answers with what happens, in server-sent events, until the client goes: from
// where it was when it lost the connection, or where the list was made.
func (p *Page) follow(w http.ResponseWriter, r *http.Request) {
	feed := p.source.(*Feed)
	if n := p.readers.Add(1); n > mostReaders {
		p.readers.Add(-1)
		http.Error(w, "too many follow the feed already", http.StatusServiceUnavailable)
		return
	}
	defer p.readers.Add(-1)
	filter := filterOf(r.URL.Query())
	last := feed.after(cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")))
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, "retry: 2000\n\n"); err != nil || out.Flush() != nil {
		return
	}
	clock := time.NewTicker(tick)
	defer clock.Stop()
	for quiet := 0; ; {
		select {
		case <-r.Context().Done():
			return
		case <-clock.C:
		}
		var b beat
		if b, last = feed.since(last, &filter); b.All == 0 {
			if quiet++; quiet%int(10*time.Second/tick) != 1 { // one beat of rest, and a sign of life now and then
				continue
			}
		} else {
			quiet = 0
		}
		text, err := json.Marshal(&b)
		if err != nil {
			return
		}
		if err := out.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "id: %s\ndata: %s\n\n", feed.mark(last), text); err != nil || out.Flush() != nil {
			return
		}
	}
}
