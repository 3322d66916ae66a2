package explain

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// explain looks for causes: at what an end found by itself, or else at what shows
// on the outside.
func (v *view) explain() {
	switch {
	case v.Failure != nil && v.Failure.By == trace.ByUs:
		v.fault()
		return
	case v.Opened == Refused:
		v.add("connection-refused", certain)
		return
	case v.Opened == NoSYNACK:
		v.add("connection-unanswered", certain).settle("a capture on the server: do the SYNs arrive there?")
		return
	}
	if v.stage == asked && v.Ended.By == trace.Server && v.preceded() {
		return
	}
	if v.notTLS() || v.broken() || v.canceled() || v.unbegun() {
		return
	}
	switch v.Ended.How {
	case ByAlert:
		v.alert()
	case ByFIN, ByCloseNotify:
		v.closed("fin")
	case ByRST:
		v.closed("rst")
	case BySilence:
		v.silent()
	}
}

// notTLS finds sides that speak something else.
func (v *view) notTLS() bool {
	client, server := v.First[trace.Client-1], v.First[trace.Server-1]
	switch {
	case len(v.Hellos) > 0 && len(server) > 0 && v.stage < answered:
		v.serverSpeaks(server)
		return true
	case len(v.Hellos) == 0 && v.stage == nothing && bytes.HasPrefix(client, []byte("CONNECT ")) && bytes.HasPrefix(server, []byte("HTTP/")):
		v.add("proxy-refused", certain, "the proxy's answer to CONNECT begins with "+printable(server))
		return true
	case len(v.Before) > 0 && len(v.Hellos) == 0 && len(server) > 0 && v.Ended.How != StillOpen:
		v.add("starttls-refused", certain, "the conversation before TLS is that of "+v.Before[len(v.Before)-1]+", and no ClientHello follows").
			because("The " + v.Before[len(v.Before)-1] + " server did not agree to begin TLS, so there was no handshake.")
		return true
	case len(v.Hellos) == 0 && len(client) > 0 && v.stage == nothing:
		v.clientSpeaks(client)
		return true
	}
	return false
}

// banners are how the protocols begin that a TLS client meets on a wrong port.
var banners = []struct{ begins, speaks, hint string }{
	{"HTTP/", "plain HTTP", "the port is one of plain HTTP, or the listener has TLS switched off"},
	{"<", "plain HTTP", "the server answers with a page: the port is one of plain HTTP"},
	{"SSH-", "SSH", "the port is one of SSH"},
	{"220", "SMTP or FTP", "the server greets in the clear and expects STARTTLS or AUTH TLS"},
	{"+OK", "POP3", "the server greets in the clear and expects STLS"},
	{"* OK", "IMAP", "the server greets in the clear and expects STARTTLS"},
	{"-ERR", "POP3 or Redis", "the server speaks its protocol in the clear"},
	{"5", "a protocol of lines", "the server refuses what it takes for a command"},
	{"RFB ", "VNC", "the port is one of VNC"},
	{"\xff", "Telnet", "the port is one of Telnet"},
	{"N", "the N of PostgreSQL or a protocol of lines", "PostgreSQL answers so if TLS is off there"},
	{"E\x00\x00", "PostgreSQL", "it begins TLS only once it was asked to, and clients that know no sslnegotiation=direct ask first"},
	{"\x05", "SOCKS 5", "the port is one of a SOCKS proxy"},
	{"\x03\x00", "RDP", "the port is one of RDP, which begins TLS only once it was asked to"},
}

// mysql reports whether a server greets as MySQL does: a packet with number 0 and the
// version 10 of its protocol.
func mysql(b []byte) bool { return len(b) > 5 && b[2] == 0 && b[3] == 0 && b[4] == 10 }

func (v *view) serverSpeaks(b []byte) {
	text := printable(b)
	if record(b) {
		v.add("malformed-message", 90).because(fmt.Sprintf("The server's answer is no record of TLS, though it begins like one: content type %d, version %d.%d.", b[0], b[1], b[2]))
		return
	}
	f := v.add("server-speaks-no-tls", certain, "its answer to the ClientHello begins with "+text)
	if mysql(b) {
		f.because(fmt.Sprintf("The server does not speak TLS on this port: it greets as MySQL does (%s), which begins TLS only once it was asked to.", text))
	}
	for _, banner := range banners {
		if bytes.HasPrefix(b, []byte(banner.begins)) {
			f.because(fmt.Sprintf("The server does not speak TLS on this port: it answers with %s (%s); %s.", banner.speaks, text, banner.hint))
			break
		}
	}
	f.see(v.said(trace.Client, iana.MsgClientHello), "", "")
}

// methods are those that a request of HTTP begins with.
var methods = []string{"GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "PRI"}

// request reports whether a line asks for something by HTTP. Other protocols have
// borrowed its words, and say their own name at the end of the line.
func request(b []byte) bool {
	line, _, whole := bytes.Cut(b, []byte("\n"))
	words := strings.Fields(string(line))
	switch {
	case len(words) < 2 || !slices.Contains(methods, words[0]):
		return false
	case len(words) > 2 && whole:
		return strings.HasPrefix(words[len(words)-1], "HTTP/")
	}
	return strings.HasPrefix(words[1], "/") || strings.HasPrefix(words[1], "http://") || words[1] == "*"
}

func (v *view) clientSpeaks(b []byte) {
	text := printable(b)
	if request(b) {
		v.add("http-to-tls-port", certain, "the client's first bytes are "+text)
		return
	}
	switch {
	case record(b):
		v.add("malformed-message", 90).because(fmt.Sprintf("The client's first bytes are no record of TLS, though they begin like one: content type %d, version %d.%d.", b[0], b[1], b[2]))
	case bytes.HasPrefix(b, []byte("CONNECT ")):
		v.add("proxy-request-to-tls-port", certain, "the client's first bytes are "+text)
	case bytes.HasPrefix(b, []byte("PROXY ")) || bytes.HasPrefix(b, []byte("\r\n\r\n\x00\r\nQUIT\n")):
		v.add("proxy-protocol-unexpected", certain, "the connection begins with a header of the PROXY protocol")
	default:
		f := v.add("client-speaks-no-tls", certain, "the client's first bytes are "+text)
		if what := tongue(b, asking); what != "" {
			f.because(fmt.Sprintf("The client does not speak TLS: it begins with %s (%s).", what, text))
		}
	}
}

// A mark is how a protocol begins.
type mark struct{ begins, speaks string }

// asking are how clients of other protocols begin, on whose ports people put TLS.
var asking = []mark{
	{"SSH-", "SSH"}, {"\x03\x00", "RDP"}, {"\x05", "SOCKS 5"}, {"\x04\x01", "SOCKS 4"}, {"\x00\x00\x00\x08\x04\xd2", "PostgreSQL, which asks for TLS in its own way"}, {"\x00\x00\x00", "PostgreSQL or SMB"},
	{"EHLO ", "SMTP"}, {"HELO ", "SMTP"}, {"\x10", "MQTT"}, {"AMQP", "AMQP"}, {"*", "Redis"}, {"PING", "Redis or IRC"}, {"NICK ", "IRC"}, {"\x30", "LDAP, or SNMP"},
	{"OPTIONS sip:", "SIP"}, {"REGISTER sip:", "SIP"}, {"INVITE sip:", "SIP"}, {"OPTIONS rtsp:", "RTSP"}, {"DESCRIBE rtsp:", "RTSP"}, {"<?xml", "XMPP"}, {"<stream", "XMPP"}, {"JRMI", "Java RMI"}, {"\xff", "Telnet"},
	{"CAPA", "POP3"}, {"USER ", "POP3 or FTP"}, {"stats", "memcached"}, {"\x0d\x0a\x0d\x0a", "nothing that is known: empty lines, as scanners send"},
}

// tongue gives what protocol bytes begin, empty if it is not known.
func tongue(b []byte, marks []mark) string {
	for _, m := range marks {
		if bytes.HasPrefix(b, []byte(m.begins)) {
			return m.speaks
		}
	}
	return ""
}

// record reports whether bytes look like a record of TLS, though not a good one.
func record(b []byte) bool {
	return len(b) > 5 && (b[0] >= 20 && b[0] <= 24 && b[1] < 32 || b[1] == 3 && b[2] <= 4)
}

// printable gives the first line of what was said, in quotes.
func printable(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return fmt.Sprintf("%.60q", strings.TrimRight(string(line), "\r"))
}

// broken finds messages that make no sense: the other side will have seen it too.
func (v *view) broken() bool {
	if v.stage == nothing && v.Cut[trace.Client-1] {
		v.add("hello-cut", 90, "the stream of the client ends within its ClientHello").settle("a capture at the other end: did the rest of the ClientHello arrive there?")
		return true
	}
	for i := range v.Said {
		s := &v.Said[i]
		if s.Broken == "" || v.Ended.By == s.From && v.Ended.How == ByAlert {
			continue
		}
		f := v.add("malformed-message", 90, "the "+s.From.String()+"'s "+s.Name+" makes no sense: "+s.Broken)
		f.because(fmt.Sprintf("The %v sent %s that is not in order: %s.", s.From, indefinite(s.Name), s.Broken)).see(s, "", s.Broken)
		return v.Ended.How == ByAlert && !oneOf(v.Ended.Alert, iana.AlertUnknownCA, iana.AlertCertificateExpired)
	}
	return false
}

// canceled finds user_canceled, which is no more than a warning, before the end.
func (v *view) canceled() bool {
	for i := range v.Said {
		s := &v.Said[i]
		if s.Content == iana.ContentAlert && !s.Encrypted && s.Alert == iana.AlertUserCanceled && v.stage < finished && s.From == v.Ended.By {
			v.add("canceled", 95, fmt.Sprintf("the %v sent user_canceled (90) before it closed the connection", s.From)).see(s, "", "")
			return true
		}
	}
	return false
}

// unbegun finds clients whose first record is none that begins a handshake: it comes
// from the middle of another connection, or from a program that tries what happens.
func (v *view) unbegun() bool {
	if v.stage != nothing || len(v.Hellos) > 0 || v.Cut[trace.Client-1] {
		return false
	}
	for i := range v.Said {
		s := &v.Said[i]
		if s.From != trace.Client || s.Content == iana.ContentHandshake {
			continue
		}
		name := s.Name
		if name == "" {
			name = s.Content.String()
		}
		v.add("malformed-message", 88, "the client's first record is "+name+", and no ClientHello came before it").
			because("The client does not begin with a ClientHello: its first record is "+name+", as one from the middle of a connection.").see(s, "", "").
			settle("whether the client, or a device that keeps connections for it, takes the connection for one that is open already")
		return true
	}
	return false
}

// alert weighs an alert that ended the handshake.
func (v *view) alert() {
	a, by := v.Ended.Alert, v.Ended.By
	if v.Ended.Known && v.general(a, by) {
		return
	}
	switch {
	case by == trace.Server && v.stage <= retried:
		v.serverRefusedHello()
	case by == trace.Server && v.stage <= shown && v.Ended.Known:
		v.add("server-failed", probable, fmt.Sprintf("the alert is %v (%d), in the middle of the server's own flight", a, a)).
			settle("the server's log: it found a mistake of its own")
	case by == trace.Server:
		v.serverRefusedClient()
	case by == trace.Client && v.stage >= answered:
		v.clientRefusedServer()
	case by == trace.Client:
		v.add("client-gave-up", probable, fmt.Sprintf("the client ended the handshake before the server had answered, with %s", v.alertName()))
	default:
		v.add("alert", 50, "the alert is "+v.alertName())
	}
}

// plainly are alerts that name the cause, if the side sends them that has them to
// send; 0: either.
var plainly = map[iana.Alert]struct {
	id string
	by trace.Side
}{
	iana.AlertNoApplicationProtocol: {"no-common-alpn", trace.Server}, iana.AlertInappropriateFallback: {"fallback", trace.Server},
	iana.AlertUnrecognizedName: {"unrecognized-name", trace.Server}, iana.AlertECHRequired: {"ech-rejected", trace.Client},
	iana.AlertUnknownPSKIdentity: {"psk-unknown", trace.Server}, iana.AlertCertificateRequired: {"client-certificate-missing", trace.Server},
	iana.AlertBadCertificateStatusResponse: {"staple-refused", trace.Client}, iana.AlertBadRecordMAC: {"record-altered", 0},
	iana.AlertDecryptError: {"proof-wrong", 0}, iana.AlertNoRenegotiation: {"renegotiation-refused", 0},
	iana.AlertMissingExtension: {"extension-missing", 0}, iana.AlertUserCanceled: {"canceled", 0},
}

// general takes the alerts that name their cause by themselves.
func (v *view) general(a iana.Alert, by trace.Side) bool {
	means := plainly[a]
	id := means.id
	switch {
	case a == iana.AlertProtocolVersion && by == trace.Server && v.stage <= retried:
		v.versions()
		return true
	case a == iana.AlertProtocolVersion:
		v.add("no-common-version", certain, fmt.Sprintf("the %v sent protocol_version (70) after the ServerHello: it does not take %v", by, v.Version))
		return true
	case a == iana.AlertNoApplicationProtocol && len(v.Hellos) > 0 && !v.offer.Has(iana.ExtALPN) && v.offered:
		return false // it cannot be that
	case by == trace.Server && v.stage >= replied && oneOf(a, emptyRefused...) && v.handedNothing():
		return false // it is that, whatever the alert says
	case by == trace.Client && v.stage >= answered && v.unoffered():
		return true
	case oneOf(a, iana.AlertUnexpectedMessage, iana.AlertRecordOverflow, iana.AlertIllegalParameter, iana.AlertDecodeError, iana.AlertUnsupportedExtension):
		v.wrongMessage(a, by)
		return true
	case a == iana.AlertInternalError && by == trace.Server && v.stage <= retried:
		v.serverInternal()
		return true
	case a == iana.AlertInternalError && by == trace.Client && v.flawed():
		return false // GnuTLS says so of certificates whose keyUsage does not fit
	case a == iana.AlertDecryptError && by == trace.Client && v.stage >= shown && (v.flawed() || len(v.forged()) > 0):
		v.judgeChain("the client sent "+v.alertName()+" after the server had shown its certificate", "signature")
		return true
	case a == iana.AlertInternalError || a == iana.AlertGeneralError:
		v.add(by.String()+"-failed", 80, "the alert is "+v.alertName()+": the mistake is the "+by.String()+"'s own").settle("the " + by.String() + "'s log")
		return true
	case id == "":
		return false
	case means.by != 0 && means.by != by:
		v.add(by.String()+"-refused", 50, fmt.Sprintf("the %v sent %s, which is the other side's to send", by, v.alertName())).settle("the " + by.String() + "'s log")
		return true
	}
	f := v.add(id, certain)
	switch id {
	case "no-common-alpn":
		if v.offered {
			f.because("The two have no application protocol in common: the client offers " + v.protocols() + ", and the server speaks none of that.")
		}
		f.see(v.said(trace.Client, iana.MsgClientHello), "ClientHello.extensions.application_layer_protocol_negotiation", v.protocols())
	case "unrecognized-name":
		if v.offered && v.offer.ServerName != "" {
			f.because("The server has no site for the name that the client asks for, " + v.offer.ServerName + ".")
		} else if v.offered {
			f.ID = "no-server-name"
			f.because("The server refuses clients that do not say which name they want: the ClientHello has no server_name.")
			f.see(v.said(trace.Client, iana.MsgClientHello), "ClientHello.extensions", "no server_name")
			break
		}
		f.see(v.said(trace.Client, iana.MsgClientHello), "ClientHello.extensions.server_name", v.offer.ServerName)
	case "proof-wrong":
		v.add("proof-wrong", certain, fmt.Sprintf("the %v could not verify a signature or Finished of the other side", by))
	}
	return true
}

// alertName gives the alert for people, if it could be read.
func (v *view) alertName() string {
	if !v.Ended.Known {
		return "an encrypted alert"
	}
	return fmt.Sprintf("%v (%d)", v.Ended.Alert, uint8(v.Ended.Alert))
}

// wrongMessage weighs alerts that complain of what was sent.
func (v *view) wrongMessage(a iana.Alert, by trace.Side) {
	if a == iana.AlertUnexpectedMessage && v.stage == finished {
		v.add("renegotiation-refused", 70, "unexpected_message (10) came on an open connection: some stacks refuse renegotiation so")
	}
	if by == trace.Server && v.stage <= asked && v.offerErr != nil {
		v.add("malformed-message", certain).because(sentence("the ClientHello is not in order: "+v.offerErr.Error())).
			see(v.said(trace.Client, iana.MsgClientHello), "", v.offerErr.Error())
		return
	}
	if by == trace.Server && v.SSL2Hello {
		v.add("old-hello", 70, "the ClientHello has the format of SSL 2.0")
	}
	weight := 80
	if a == iana.AlertIllegalParameter && by == trace.Client && v.stage == shown && v.said(trace.Server, iana.MsgServerKeyExchange) != nil {
		weight = 70
		v.add("proof-wrong", 74, "the client sent "+v.alertName()+" after ServerKeyExchange: Go says so of a signature in it that does not verify").
			see(v.said(trace.Server, iana.MsgServerKeyExchange), "", "")
	}
	f := v.add("malformed-message", weight, fmt.Sprintf("%s says that the %v took something of the other side for wrong", v.alertName(), by))
	f.because(fmt.Sprintf("The %v takes what the %v sent for wrong: it ended the connection with %s.", by, by.Other(), v.alertName()))
	f.settle(fmt.Sprintf("the %v's log: which message, and what of it", by), "a capture at the other end: something between may have changed the bytes")
}

// silent weighs connections on which nobody said any more.
func (v *view) silent() {
	switch {
	case v.stage == nothing:
		v.add("client-silent", probable, "the client opened the connection and did not begin the handshake")
	case v.Unanswered > 0:
		v.add("hello-lost", 90, fmt.Sprintf("the ClientHello was sent %d times, and not even acknowledged", v.Unanswered+1)).
			settle("a capture at the server: does the ClientHello arrive there?")
	case v.stage <= retried:
		f := v.add("server-silent", probable, "the ClientHello was acknowledged, and nothing came back")
		f.settle("the server's log and load", "a capture at the server: did it answer?")
		if n := v.helloLength(); n > 1400 {
			v.add("large-hello-dropped", 55, fmt.Sprintf("the ClientHello has %d bytes, more than one segment holds: some devices drop such", n)).
				settle("the same client with a classical group only: its ClientHello fits into one segment")
		}
	case v.stage <= shown:
		v.add("client-silent", probable, "the server has sent its flight, and the client says no more").settle("a capture at the client: did all of the server's flight arrive?")
	default:
		v.add("silence", 50, "nobody said any more in the middle of the handshake")
	}
}

func (v *view) helloLength() int {
	if len(v.Hellos) == 0 {
		return 0
	}
	return len(v.Hellos[0])
}

func oneOf[T comparable](a T, of ...T) bool { return slices.Contains(of, a) }
