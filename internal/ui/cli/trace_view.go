package cli

import (
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A traceView is a connection of a capture, for people and, as JSON, for machines:
// docs/trace-json.md documents its fields, and a test holds it to that.
type traceView struct {
	File       string            `json:"file,omitempty"`
	Stream     int               `json:"stream"`
	Client     string            `json:"client"`
	Server     string            `json:"server"`
	Guessed    bool              `json:"guessed,omitempty"`
	Midway     bool              `json:"midway,omitempty"`
	Via        string            `json:"via,omitempty"`
	QUIC       string            `json:"quic,omitempty"`
	Started    string            `json:"started"`
	Millis     float64           `json:"duration_ms"`
	TLS        bool              `json:"tls"`
	Failed     bool              `json:"failed"`
	ServerName string            `json:"server_name,omitempty"`
	Version    string            `json:"version,omitempty"`
	Suite      string            `json:"cipher_suite,omitempty"`
	Group      string            `json:"group,omitempty"`
	ALPN       string            `json:"alpn,omitempty"`
	Complete   string            `json:"complete,omitempty"`
	Resumed    string            `json:"resumed,omitempty"`
	ClientAuth string            `json:"client_certificate,omitempty"`
	Retried    bool              `json:"hello_retry_request,omitempty"`
	ECH        bool              `json:"ech_offered,omitempty"`
	Decrypted  bool              `json:"decrypted,omitempty"`
	JA3        string            `json:"ja3,omitempty"`
	JA3S       string            `json:"ja3s,omitempty"`
	JA4        string            `json:"ja4,omitempty"`
	Preamble   []tracePreamble   `json:"preamble,omitempty"`
	Opening    []traceOpening    `json:"tcp_handshake,omitempty"`
	Sides      traceSides        `json:"tcp"`
	Messages   []traceMessage    `json:"messages"`
	Notes      []traceNote       `json:"notes,omitempty"`
	Ended      traceEnding       `json:"ended"`
	Data       []traceData       `json:"data,omitempty"`
	Findings   []explain.Finding `json:"findings,omitempty"`
}

type tracePreamble struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail,omitempty"`
}

type traceOpening struct {
	From     string  `json:"from"`
	Frame    int     `json:"frame"`
	Millis   float64 `json:"at_ms"`
	Flags    string  `json:"flags"`
	Seq      uint32  `json:"seq"`
	Ack      uint32  `json:"ack"`
	Window   uint16  `json:"window"`
	Options  string  `json:"options,omitempty"`
	Checksum string  `json:"checksum"`
	Sum      string  `json:"checksum_is"`
}

type traceSides struct {
	Client traceSide `json:"client"`
	Server traceSide `json:"server"`
	How    string    `json:"ended"`
	By     string    `json:"by,omitempty"`
}

type traceSide struct {
	Segments      int   `json:"segments"`
	Bytes         int64 `json:"bytes"`
	Retransmitted int   `json:"retransmitted,omitempty"`
	Reordered     int   `json:"reordered,omitempty"`
	Overlaps      int   `json:"overlaps,omitempty"`
	Conflicts     int   `json:"conflicts,omitempty"`
	Lost          int64 `json:"lost_bytes,omitempty"`
	Snapped       int64 `json:"snapped_bytes,omitempty"`
	WrongSums     int   `json:"wrong_checksums,omitempty"`
	KeepAlives    int   `json:"keep_alives,omitempty"`
	Strange       int   `json:"left_out,omitempty"`
}

type traceMessage struct {
	From       string  `json:"from"`
	Name       string  `json:"name"`
	Millis     float64 `json:"at_ms"`
	Length     int     `json:"length"`
	Frames     []int   `json:"frames"`
	Records    int     `json:"records,omitempty"`
	Encrypted  bool    `json:"encrypted,omitempty"`
	Opened     bool    `json:"opened,omitempty"`
	Inferred   string  `json:"inferred,omitempty"`
	Alert      string  `json:"alert,omitempty"`
	Level      string  `json:"level,omitempty"`
	Cut        bool    `json:"cut,omitempty"`
	Uncaptured bool    `json:"uncaptured,omitempty"`
	Broken     string  `json:"broken,omitempty"`

	Certificates []*traceCertificate `json:"certificates,omitempty"`
	Fields       *traceField         `json:"fields,omitempty"`
}

type traceNote struct {
	Code  string `json:"code"`
	Frame int    `json:"frame,omitempty"`
	From  string `json:"from,omitempty"`
	Text  string `json:"text"`
}

type traceEnding struct {
	How      string `json:"how"`
	By       string `json:"by,omitempty"`
	Alert    string `json:"alert,omitempty"`
	Fatal    bool   `json:"fatal,omitempty"`
	Inferred bool   `json:"inferred,omitempty"`
	Frame    int    `json:"frame,omitempty"`
}

func newTraceView(s *flow.Story, file string) *traceView {
	v := &traceView{Opening: make([]traceOpening, 0, len(s.TCP.Opening)), Messages: make([]traceMessage, 0, len(s.Messages))}
	v.fill(s, file)
	return v
}

// fill makes the view one of the story. It keeps the memory of its lists.
func (v *traceView) fill(s *flow.Story, file string) {
	c := s.TCP
	since := func(at int64) float64 { return float64((at-c.First)/1000) / 1000 }
	*v = traceView{
		File: file, Stream: c.ID, Client: c.Client.String(), Server: c.Server.String(), Guessed: c.Guessed, Midway: s.Midway, Via: c.Via,
		Started: time.Unix(0, c.First).UTC().Format(time.RFC3339Nano), Millis: since(c.Last), TLS: s.TLS, Failed: s.Failed(),
		ServerName: s.ServerName, ALPN: s.ALPN, Retried: s.Retried, ECH: s.ECH, Decrypted: s.Keys, JA3: s.JA3, JA3S: s.JA3S, JA4: s.JA4,
		Complete: known(s.Complete), Resumed: known(s.Resumed), ClientAuth: known(s.ClientAuth), QUIC: s.QUIC,
		Preamble: v.Preamble[:0], Opening: v.Opening[:0], Messages: v.Messages[:0], Notes: v.Notes[:0],
	}
	if s.Version != 0 {
		v.Version = field.Version(s.Version)
	}
	if s.Suite != 0 {
		v.Suite = s.Suite.String()
	}
	if s.Group != 0 {
		v.Group = s.Group.String()
	}
	for _, p := range s.Preamble {
		v.Preamble = append(v.Preamble, tracePreamble(p))
	}
	for _, o := range c.Opening {
		v.Opening = append(v.Opening, traceOpening{
			From: o.From.String(), Frame: o.Frame, Millis: since(o.Time), Flags: o.Flags.String(), Seq: o.Seq, Ack: o.Ack, Window: o.Window,
			Options: o.Options, Checksum: fourDigits(o.Checksum), Sum: sums[o.Sum],
		})
	}
	v.Sides = traceSides{sideView(c.Of(trace.Client)), sideView(c.Of(trace.Server)), c.End.How.String(), who(c.End.By)}
	for _, m := range s.Messages {
		v.Messages = append(v.Messages, messageView(m, since(m.Time)))
		for _, der := range s.Chain(m) {
			last := &v.Messages[len(v.Messages)-1]
			last.Certificates = append(last.Certificates, certificateOf(der))
		}
	}
	for _, n := range s.Notes {
		v.Notes = append(v.Notes, traceNote{n.Code, n.Frame, who(n.From), n.Text})
	}
	v.Ended = traceEnding{How: s.Ended.How, By: who(s.Ended.By), Fatal: s.Ended.Fatal, Inferred: !s.Ended.Known, Frame: s.Ended.Frame}
	if (s.Ended.How == "alert" && s.Ended.Known) || s.Ended.How == "close_notify" {
		v.Ended.Alert = s.Ended.Alert.String()
	}
}

// fourDigits gives a number of 16 bits in hexadecimal digits.
func fourDigits(n uint16) string {
	const digits = "0123456789abcdef"
	return string([]byte{'0', 'x', digits[n>>12], digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}

func sideView(s *tcp.Side) traceSide {
	return traceSide{s.Segments, s.Bytes, s.Retransmitted, s.Reordered, s.Overlaps, s.Conflicts, s.Lost, s.Snapped, s.WrongSums, s.KeepAlives, s.Strange}
}

func messageView(m *flow.Message, at float64) traceMessage {
	v := traceMessage{
		From: m.From.String(), Name: m.Name, Millis: at, Length: m.Length, Frames: m.Frames, Encrypted: m.Encrypted, Opened: m.Opened, Inferred: m.Inferred, Cut: m.Cut, Uncaptured: m.Uncaptured,
	}
	if n := max(len(m.Records), m.Count); n > 1 {
		v.Records = n
	}
	if m.Broken != nil {
		v.Broken = m.Broken.Error()
	}
	if m.Name == "Alert" {
		if a, err := wire.ParseAlert(m.Raw); err == nil {
			v.Alert, v.Level = a.Description.String(), a.Level.String()
		}
	}
	return v
}

var sums = [...]string{
	packet.SumUnknown: "unknown", packet.SumRight: "right", packet.SumWrong: "wrong", packet.SumPartial: "left to the network card",
}

func known(k flow.Known) string {
	return [...]string{flow.Unknown: "", flow.No: "no", flow.Yes: "yes", flow.Probably: "probably"}[k]
}

func who(s trace.Side) string {
	if s == 0 {
		return ""
	}
	return s.String()
}

// trees adds the fields of every message.
func (v *traceView) trees(s *flow.Story) {
	for i, m := range s.Messages {
		if tree := s.Tree(m); tree != nil {
			f := fieldView(tree)
			v.Messages[i].Fields = &f
		}
	}
}
