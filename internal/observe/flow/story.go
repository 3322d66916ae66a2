package flow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/observe/fingerprint"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// clientHello takes from a ClientHello what the story says of it.
func (k *conn) clientHello(m *Message, body []byte) {
	k.hello = true
	hello, err := wire.ParseClientHello(body)
	if err != nil {
		m.Broken = err
	}
	if err == nil {
		k.keyed(&hello)
	}
	if err == nil && k.story.JA3 == "" {
		k.story.JA3, _ = fingerprint.JA3(&hello)
		k.story.JA4 = fingerprint.JA4(&hello)
	}
	if name, ok := hello.Extensions.Get(iana.ExtServerName); ok {
		if list, err := wire.ParseServerNameClient(name); err == nil {
			k.story.ServerName = string(list)
		}
	}
	if _, ok := hello.Extensions.Get(iana.ExtEncryptedClientHello); ok {
		k.story.ECH = true
	}
	if _, ok := hello.Extensions.Get(iana.ExtEarlyData); ok {
		k.story.EarlyData = Unknown
	} else if !k.story.Retried {
		k.story.EarlyData = No
	}
}

// serverHello takes from a ServerHello what the two have agreed on. RFC 9846,
// section 4.2.3.
func (k *conn) serverHello(m *Message, body []byte) {
	hello, err := wire.ParseServerHello(asFinal(body))
	s := k.story
	if err != nil {
		m.Broken = err
		if s.Version == 0 { // else it is one too many, and changes nothing
			s.Version, s.Suite = choiceOfBroken(m, hello.Version)
			k.v13 = s.Version == iana.TLS13 || isDraft(s.Version) // before draft 22 the message had another form
		}
		return
	}
	if hello.IsRetry() {
		m.Name, s.Retried = "HelloRetryRequest", true
	}
	s.Version, s.Suite = hello.Version, hello.CipherSuite
	if v, ok := hello.Extensions.Get(iana.ExtSupportedVersions); ok {
		if v, err := wire.ParseSupportedVersionsServer(v); err == nil {
			s.Version = v
		}
	}
	if b, ok := hello.Extensions.Get(iana.ExtALPN); ok {
		if list, err := wire.ParseALPN(b); err == nil {
			for name := range list.All() {
				s.ALPN = string(name)
			}
		}
	}
	if hello.IsRetry() {
		return
	}
	if s.JA3S == "" {
		s.JA3S, _ = fingerprint.JA3S(&hello)
	}
	k.v13, k.packed = s.Version == iana.TLS13 || isDraft(s.Version), hello.Compression != iana.CompressionNull
	k.agree(m, &hello)
	if !k.v13 {
		return
	}
	share, ok := hello.Extensions.Get(iana.ExtKeyShare)
	if !ok && (isDraft(s.Version) || field.DraftServerHello(body)) {
		share, ok = hello.Extensions.Get(field.DraftKeyShare)
	}
	if ok {
		if g, _, err := wire.ParseKeyShareServer(share); err == nil {
			s.Group = g
		}
	}
	s.Resumed = No
	if _, ok := hello.Extensions.Get(iana.ExtPreSharedKey); ok {
		s.Resumed = Probably
		k.note(Note{m.Time, 0, trace.Server, "resumed", "a pre-shared key was chosen: a session is resumed, or the two have an external key"})
	}
}

// choiceOfBroken gives the version and the suite that the part of a ServerHello which
// makes sense chooses.
func choiceOfBroken(m *Message, legacy iana.Version) (v iana.Version, suite iana.Suite) {
	tree := field.Handshake(m.Raw, field.Context{From: trace.Server})
	v = legacy
	if f := tree.Find("ServerHello.extensions.supported_versions.selected_version"); f != nil && f.End == f.Start+2 {
		v = iana.Version(binary.BigEndian.Uint16(m.Raw[f.Start:]))
	}
	if f := tree.Find("ServerHello.cipher_suite"); f != nil && f.End == f.Start+2 {
		suite = iana.Suite(binary.BigEndian.Uint16(m.Raw[f.Start:]))
	}
	return v, suite
}

// asFinal gives a ServerHello of a draft of TLS 1.3 before 22 in the form that it has
// had since.
func asFinal(body []byte) []byte {
	const random, suite = 2 + 32, 2 + 32 + 2
	if !field.DraftServerHello(body) {
		return body
	}
	return slices.Concat(body[:random], []byte{0}, body[random:suite], []byte{0}, body[suite:])
}

// isDraft reports whether the version is a draft of TLS 1.3.
func isDraft(v iana.Version) bool { return v>>8 == 0x7f }

// conclude says what the whole shows.
func (k *conn) conclude(c *tcp.Conn) {
	s := k.story
	client, server := &k.sides[trace.Client-1], &k.sides[trace.Server-1]
	if f := &k.finder; k.hello && !server.began {
		s.First[trace.Server-1] = bytes.Clone(f.answer)
		if len(f.said[trace.Client-1]) == 0 { // what it said by itself is no answer to a preamble
			s.First[trace.Server-1] = append(bytes.Clone(f.said[trace.Server-1]), f.answer...)
		}
	}
	if f := &k.finder; len(f.answer) > 0 && !server.began {
		k.note(Note{f.at.Time, f.at.Frame, trace.Server, "not-tls", "the server answers the ClientHello with something else: " + line(f.answer)})
	}
	if s.TLS && !k.v13 {
		certificate := false
		for _, m := range s.Messages {
			if m.Content == iana.ContentHandshake && m.From == trace.Server && !m.Encrypted &&
				(m.Type == iana.MsgCertificate || m.Type == iana.MsgServerHelloDone) && m.Raw != nil {
				certificate = true
			}
		}
		switch {
		case s.Version == 0:
		case certificate:
			s.Resumed = No
		case server.ccs && !s.Holed:
			s.Resumed = Yes
		}
		if s.Version != 0 && (client.ccs && server.ccs || s.Version == iana.SSL20) && client.sealedN > 0 && server.sealedN > 0 && !s.misunderstood() {
			s.Complete = Yes
		} else if s.Holed {
			s.Complete = k.completeOfPart()
		} else if s.Version != 0 && client.began && server.began && !s.Midway {
			s.Complete = No
		} else if s.partial() {
			k.completeOfOne()
		}
		if s.ClientAuth == Unknown && s.Complete == Yes && !s.Holed {
			s.ClientAuth = No
		}
	}
	if k.v13 {
		s.Complete = k.complete13()
	}
	if !k.hello && s.TLS {
		s.First[trace.Client-1] = k.finder.said[trace.Client-1]
	}
	k.ending(c)
	k.unanswered(c)
	for _, comment := range c.Comments {
		k.note(Note{comment.Time, comment.Frame, 0, "comment", fmt.Sprintf("comment on frame %d: %s", comment.Frame, comment.Text)})
	}
}

// misunderstood reports whether the ServerHello makes no sense, and the client did
// not go on with the handshake: what it has encrypted is no Finished.
func (s *Story) misunderstood() bool {
	broken, went := false, false
	for _, m := range s.Messages {
		broken = broken || m.Type == iana.MsgServerHello && m.Content == iana.ContentHandshake && m.Broken != nil
		went = went || m.From == trace.Client && m.Content == iana.ContentHandshake && m.Encrypted
	}
	return broken && !went
}

// unanswered notes a ClientHello that was sent again and again.
func (k *conn) unanswered(c *tcp.Conn) {
	client, server := c.Of(trace.Client), c.Of(trace.Server)
	if !k.hello || server.Bytes > 0 || client.Retransmitted == 0 || k.story.Ended.How != "open" {
		return
	}
	k.story.Ended = Ending{How: "silence", By: trace.Server, Known: true, Time: c.Last}
	k.note(Note{c.Last, 0, trace.Server, "unanswered", "the client has sent its ClientHello " + plural(int64(client.Retransmitted+1), "time") +
		", and nothing came back: it, or the answer, is lost on the way"})
}

// complete13 infers whether a handshake of TLS 1.3 was complete: the client has
// answered the server's flight with more than an alert, and was not answered with
// one at once.
func (k *conn) complete13() Known {
	client, server := &k.sides[trace.Client-1], &k.sides[trace.Server-1]
	if k.story.oneSided() {
		return Unknown
	}
	if u := k.unlock; u != nil && (u.finished[0] || u.finished[1]) {
		if u.finished[0] && u.finished[1] {
			return Yes
		}
		if k.story.Ended.Fatal {
			return No
		}
	}
	if k.story.Holed {
		return k.completeOfPart()
	}
	if client.sealedN == 0 || server.sealedN == 0 {
		return No
	}
	var sealed [2]int   // encrypted messages of either side, since the client's first
	var closed *Message // an alert of the client that came before anything of the server
	for _, m := range k.story.Messages {
		if m.Content != iana.ContentApplicationData || m.From == trace.Server && sealed[0] == 0 {
			continue
		}
		alert := m.Inferred != ""
		switch {
		case !alert:
		case m.From == trace.Client && sealed[0] == 0:
			return k.inferFailure(m, "the client answers the server's flight with a record as long as an alert")
		case m.From == trace.Client && closed == nil:
			closed = m
		case m.From == trace.Server && sealed[1] == 0 && closed != nil && k.story.ECH:
			return k.inferFailure(closed, "the client ends the connection right after its Finished, and it had offered Encrypted Client Hello")
		case m.From == trace.Server && sealed[1] == 0 && closed == nil && !k.gone(trace.Client, m):
			return k.inferFailure(m, "the server answers the client's Finished with a record as long as an alert: it may not want the client's certificate, or that there is none")
		}
		sealed[m.From-1]++
	}
	last := k.story.Messages[len(k.story.Messages)-1]
	k.note(Note{last.Time, 0, 0, "inferred-complete", "the handshake is taken for complete: the client has answered the server's encrypted flight"})
	return Probably
}

// completeOfPart infers whether the handshake was complete of which bytes were not
// captured: both sides have gone on, or it is not known.
func (k *conn) completeOfPart() Known {
	n := 1
	if k.v13 || k.story.Version == 0 { // the first record of either side may be of the handshake
		n = 2
	}
	if k.story.Data[0].Records >= n && k.story.Data[1].Records >= n {
		k.note(Note{k.story.TCP.Last, 0, 0, "inferred-complete", "the handshake is taken for complete: both sides go on with application data"})
		return Probably
	}
	k.note(Note{k.story.TCP.Last, 0, 0, "holes", "bytes of the handshake were not captured: what became of it is not known"})
	return Unknown
}

// completeOfOne infers from a part of the connection whether the handshake was
// complete: a side goes on with application data.
func (k *conn) completeOfOne() {
	for i := range k.sides {
		if k.sides[i].ccs && k.story.Data[i].Records > 0 {
			k.story.Complete = Probably
			k.note(Note{k.story.TCP.Last, 0, trace.Side(i + 1), "inferred-complete", "the handshake is taken for complete: the " + trace.Side(i+1).String() + " goes on with application data"})
			return
		}
	}
}

// gone reports whether a side had closed or reset the connection before a message
// of the other one came.
func (k *conn) gone(side trace.Side, before *Message) bool {
	s := k.story.TCP.Of(side)
	frame := frameOf(before)
	return s.Fin > 0 && s.Fin < frame || s.Rst > 0 && s.Rst < frame
}

// inferFailure ends the story with an encrypted alert.
func (k *conn) inferFailure(m *Message, why string) Known {
	k.story.Ended = Ending{How: "alert", By: m.From, Fatal: true, Frame: frameOf(m), Time: m.Time}
	k.note(Note{m.Time, frameOf(m), m.From, "inferred-alert", why})
	return No
}

// ending says how the connection ended, if no alert has.
func (k *conn) ending(c *tcp.Conn) {
	e := &k.story.Ended
	n := len(k.story.Messages)
	for k.v13 && n > 1 && k.story.Messages[n-1].Content == iana.ContentChangeCipherSpec { // which says nothing
		n--
	}
	if e.How == "" && n > 0 {
		last := k.story.Messages[n-1]
		for n > 1 && isAlert(last) && isAlert(k.story.Messages[n-2]) { // who says it first ends the connection
			n--
			last = k.story.Messages[n-1]
		}
		switch {
		case k.gone(last.From.Other(), last): // whoever closes first ends the connection
		case last.Name == "Encrypted Alert":
			*e = Ending{How: "alert", By: last.From, Frame: frameOf(last), Time: last.Time}
			if k.story.Complete == Yes || k.story.Complete == Probably || k.story.Midway || k.story.Holed {
				e.How, e.Alert = "close_notify", iana.AlertCloseNotify
				last.Inferred = "close_notify: it is the last that was said, and the handshake was over"
			}
		case last.Content == iana.ContentApplicationData && last.Inferred != "":
			*e = Ending{How: "alert", By: last.From, Frame: frameOf(last), Time: last.Time}
			if k.story.Complete != No && k.story.Data[last.From.Other()-1].Records > 1 {
				e.How, e.Alert = "close_notify", iana.AlertCloseNotify
			}
		}
	}
	if e.How != "" {
		return
	}
	how := map[tcp.How]string{tcp.Closed: "fin", tcp.Half: "fin", tcp.Reset: "rst", tcp.Silent: "silence", tcp.Open: "open", tcp.Reused: "open", tcp.Capped: "open"}[c.End.How]
	*e = Ending{How: how, By: c.End.By, Known: true, Frame: c.End.Frame, Time: c.End.Time}
}

// isAlert reports whether a message that is encrypted must be an alert.
func isAlert(m *Message) bool {
	return m.Name == "Encrypted Alert" || m.Content == iana.ContentApplicationData && m.Inferred != ""
}

func frameOf(m *Message) int {
	if n := len(m.Frames); n > 0 {
		return m.Frames[n-1]
	}
	return 0
}

// Failed reports whether the handshake came to nothing: an alert, an end before it
// was complete, or no TLS where one side wanted it.
func (s *Story) Failed() bool {
	if s.partial() {
		return s.Ended.Fatal && s.Ended.Known
	}
	if !s.TLS {
		return s.Wanted && s.Ended.How != "open"
	}
	if s.Complete == Yes || s.Complete == Probably {
		return s.Ended.Fatal && s.Ended.Known
	}
	return s.Ended.How != "open" || s.Ended.Fatal
}

// oneSided reports whether one side was not captured.
func (s *Story) oneSided() bool { return s.TCP.Sides[0].Segments == 0 || s.TCP.Sides[1].Segments == 0 }

// partial reports whether so much was not captured that it does not show what became
// of the handshake.
func (s *Story) partial() bool {
	return s.Midway || s.oneSided() || s.Holed && s.Complete != Yes && s.Complete != Probably
}

// Doubtful reports whether the connection failed, or may have: nothing was asked
// over it that can be seen.
func (s *Story) Doubtful() bool {
	return s.Failed() || s.TLS && !s.partial() && s.Data[trace.Client-1].Records <= 2
}

// String tells the story in one line.
func (s *Story) String() string {
	return fmt.Sprintf("%v -> %v %v %v %q, ended by %s", s.TCP.Client, s.TCP.Server, s.Version, s.Suite, s.ServerName, s.Ended.How)
}
