package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// A jsonLine writes a traceView as encoding/json would, in a tenth of the time: a
// large capture has millions of fields. TestJSONLine holds the two together.
type jsonLine struct{ b []byte }

// key begins a field.
func (j *jsonLine) key(name string) {
	b := j.b
	if last := b[len(b)-1]; last != '{' && last != '[' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	j.b = append(b, '"', ':')
}

// comma separates an element from the one before it.
func (j *jsonLine) comma() {
	if last := j.b[len(j.b)-1]; last != '{' && last != '[' {
		j.b = append(j.b, ',')
	}
}

// The fields of a line: those that end in Always are there also if they are empty.

func (j *jsonLine) text(name, s string) {
	if s != "" {
		j.textAlways(name, s)
	}
}

func (j *jsonLine) textAlways(name, s string) {
	j.key(name)
	j.string(s)
}

func (j *jsonLine) flag(name string, is bool) {
	if is {
		j.flagAlways(name, is)
	}
}

func (j *jsonLine) flagAlways(name string, is bool) {
	j.key(name)
	j.b = strconv.AppendBool(j.b, is)
}

func (j *jsonLine) number(name string, n int64) {
	if n != 0 {
		j.numberAlways(name, n)
	}
}

func (j *jsonLine) numberAlways(name string, n int64) {
	j.key(name)
	j.b = strconv.AppendInt(j.b, n, 10)
}

// millis writes milliseconds that were made of whole microseconds.
func (j *jsonLine) millis(name string, ms float64) {
	j.key(name)
	micros := int64(math.Round(ms * 1000))
	if micros < 0 {
		j.b = append(j.b, '-')
		micros = -micros
	}
	j.b = strconv.AppendInt(j.b, micros/1000, 10)
	if part := micros % 1000; part != 0 {
		j.b = append(j.b, '.', byte('0'+part/100), byte('0'+part/10%10), byte('0'+part%10))
		j.b = bytes.TrimRight(j.b, "0")
	}
}

// plainJSON are the bytes that stand for themselves in a string of JSON.
var plainJSON = func() (plain [256]bool) {
	for c := ' '; c <= '~'; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// string writes a string; what is not plain is left to encoding/json.
func (j *jsonLine) string(s string) {
	for i := range len(s) {
		if !plainJSON[s[i]] {
			j.value(s)
			return
		}
	}
	j.b = append(j.b, '"')
	j.b = append(j.b, s...)
	j.b = append(j.b, '"')
}

// value writes anything with encoding/json.
func (j *jsonLine) value(v any) {
	out := bytes.NewBuffer(j.b)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings, numbers and lists of them: it does not fail
	j.b = bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func (j *jsonLine) view(v *traceView) {
	j.b = append(j.b, '{')
	j.text("file", v.File)
	j.numberAlways("stream", int64(v.Stream))
	j.textAlways("client", v.Client)
	j.textAlways("server", v.Server)
	j.flag("guessed", v.Guessed)
	j.flag("midway", v.Midway)
	j.text("via", v.Via)
	j.text("quic", v.QUIC)
	j.textAlways("started", v.Started)
	j.millis("duration_ms", v.Millis)
	j.flagAlways("tls", v.TLS)
	j.flagAlways("failed", v.Failed)
	j.text("server_name", v.ServerName)
	j.text("version", v.Version)
	j.text("cipher_suite", v.Suite)
	j.text("group", v.Group)
	j.text("alpn", v.ALPN)
	j.text("complete", v.Complete)
	j.text("resumed", v.Resumed)
	j.text("client_certificate", v.ClientAuth)
	j.flag("hello_retry_request", v.Retried)
	j.flag("ech_offered", v.ECH)
	j.flag("decrypted", v.Decrypted)
	j.text("ja3", v.JA3)
	j.text("ja3s", v.JA3S)
	j.text("ja4", v.JA4)
	list(j, "preamble", v.Preamble, j.preamble)
	list(j, "tcp_handshake", v.Opening, j.opening)
	j.sides(&v.Sides)
	j.key("messages")
	elements(j, v.Messages, j.message)
	list(j, "notes", v.Notes, j.note)
	j.ending(&v.Ended)
	if len(v.Data) > 0 {
		j.key("data")
		j.value(v.Data)
	}
	if len(v.Findings) > 0 {
		j.key("findings")
		j.value(v.Findings)
	}
	j.b = append(j.b, '}')
}

// list writes a list, unless it is empty.
func list[T any](j *jsonLine, name string, all []T, each func(*T)) {
	if len(all) > 0 {
		j.key(name)
		elements(j, all, each)
	}
}

func elements[T any](j *jsonLine, all []T, each func(*T)) {
	j.b = append(j.b, '[')
	for i := range all {
		j.comma()
		j.b = append(j.b, '{')
		each(&all[i])
		j.b = append(j.b, '}')
	}
	j.b = append(j.b, ']')
}

func (j *jsonLine) preamble(p *tracePreamble) {
	j.textAlways("kind", p.Kind)
	j.text("detail", p.Detail)
}

func (j *jsonLine) opening(o *traceOpening) {
	j.textAlways("from", o.From)
	j.numberAlways("frame", int64(o.Frame))
	j.millis("at_ms", o.Millis)
	j.textAlways("flags", o.Flags)
	j.numberAlways("seq", int64(o.Seq))
	j.numberAlways("ack", int64(o.Ack))
	j.numberAlways("window", int64(o.Window))
	j.text("options", o.Options)
	j.textAlways("checksum", o.Checksum)
	j.textAlways("checksum_is", o.Sum)
}

func (j *jsonLine) sides(s *traceSides) {
	j.key("tcp")
	j.b = append(j.b, '{')
	j.side("client", &s.Client)
	j.side("server", &s.Server)
	j.textAlways("ended", s.How)
	j.text("by", s.By)
	j.b = append(j.b, '}')
}

func (j *jsonLine) side(name string, s *traceSide) {
	j.key(name)
	j.b = append(j.b, '{')
	j.numberAlways("segments", int64(s.Segments))
	j.numberAlways("bytes", s.Bytes)
	j.number("retransmitted", int64(s.Retransmitted))
	j.number("reordered", int64(s.Reordered))
	j.number("overlaps", int64(s.Overlaps))
	j.number("conflicts", int64(s.Conflicts))
	j.number("lost_bytes", s.Lost)
	j.number("snapped_bytes", s.Snapped)
	j.number("wrong_checksums", int64(s.WrongSums))
	j.number("keep_alives", int64(s.KeepAlives))
	j.number("left_out", int64(s.Strange))
	j.b = append(j.b, '}')
}

func (j *jsonLine) message(m *traceMessage) {
	j.textAlways("from", m.From)
	j.textAlways("name", m.Name)
	j.millis("at_ms", m.Millis)
	j.numberAlways("length", int64(m.Length))
	j.key("frames")
	j.numbers(m.Frames)
	j.number("records", int64(m.Records))
	j.flag("encrypted", m.Encrypted)
	j.flag("opened", m.Opened)
	j.text("inferred", m.Inferred)
	j.text("alert", m.Alert)
	j.text("level", m.Level)
	j.flag("cut", m.Cut)
	j.flag("uncaptured", m.Uncaptured)
	j.text("broken", m.Broken)
	if len(m.Certificates) > 0 {
		j.key("certificates")
		j.b = append(j.b, '[')
		for _, c := range m.Certificates {
			j.comma()
			j.b = append(j.b, c.json...)
		}
		j.b = append(j.b, ']')
	}
	if m.Fields != nil {
		j.key("fields")
		j.value(m.Fields)
	}
}

func (j *jsonLine) numbers(list []int) {
	if list == nil {
		j.b = append(j.b, "null"...)
		return
	}
	j.b = append(j.b, '[')
	for _, n := range list {
		j.comma()
		j.b = strconv.AppendInt(j.b, int64(n), 10)
	}
	j.b = append(j.b, ']')
}

func (j *jsonLine) note(n *traceNote) {
	j.textAlways("code", n.Code)
	j.number("frame", int64(n.Frame))
	j.text("from", n.From)
	j.textAlways("text", n.Text)
}

func (j *jsonLine) ending(e *traceEnding) {
	j.key("ended")
	j.b = append(j.b, '{')
	j.textAlways("how", e.How)
	j.text("by", e.By)
	j.text("alert", e.Alert)
	j.flag("fatal", e.Fatal)
	j.flag("inferred", e.Inferred)
	j.number("frame", int64(e.Frame))
	j.b = append(j.b, '}')
}
