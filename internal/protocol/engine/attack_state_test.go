package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestEarlyChangeCipherSpec is CVE-2014-0224: a ChangeCipherSpec that came
// before there was a secret had OpenSSL derive keys from none. Here it is only
// taken where the keys are there: everywhere else before the keys it ends the
// handshake, or has no effect at all where TLS 1.3 may be spoken.
func TestEarlyChangeCipherSpec(t *testing.T) {
	for _, early := range []iana.HandshakeType{
		iana.MsgServerHello, iana.MsgCertificate, iana.MsgServerKeyExchange, iana.MsgCertificateRequest, iana.MsgServerHelloDone,
		iana.MsgClientKeyExchange, iana.MsgCertificateVerify,
	} {
		for _, from := range []trace.Side{trace.Client, trace.Server} {
			client, server := hosts12("P-256", wantsClient)(t)
			client.Config.Policy = client.Config.Policy.Between(iana.TLS12, iana.TLS12)
			sent := false
			p := through(t, client, server, &tlstest.Middle{Alter: func(q piece) pieces {
				if q.From != from || !q.Is(early) {
					return pieces{q}
				}
				sent = true
				return pieces{content(q, iana.ContentChangeCipherSpec, 1), q}
			}})
			p.Run()
			at := p.Client
			if from == trace.Client {
				at = p.Server
			}
			if sent && !isFault(at.Err(), fault.UnexpectedChangeCipherSpec) {
				t.Errorf("before %v of the %v: %v", early, from, at.Err())
			}
		}
	}
}

// skips gives every message of a handshake, in place of which an attack sends
// what comes after.
func skips(t *testing.T, hosts func(*testing.T) (c, s *tlstest.Host)) (all []piece) {
	t.Helper()
	client, server := hosts(t)
	p := through(t, client, server, &tlstest.Middle{Alter: func(q piece) pieces {
		if q.Content == iana.ContentHandshake && !q.Is(iana.MsgNewSessionTicket) || q.Content == iana.ContentChangeCipherSpec {
			q.Bytes = slices.Clone(q.Bytes)
			all = append(all, q)
		}
		return pieces{q}
	}})
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSkippedMessages is SMACK, with SKIP-TLS and FREAK among its finds
// (Beurdouche and others, 2015), and CVE-2015-0205: machines that let a peer
// leave out what it has to prove, such as the server's ServerKeyExchange, the
// client's CertificateVerify, or either side's Finished. Each message of each
// kind of handshake is left out in turn; whoever misses it never gets through.
func TestSkippedMessages(t *testing.T) {
	for name, hosts := range map[string]func(*testing.T) (c, s *tlstest.Host){
		"TLS 1.3":                     hosts13("P-256"),
		"TLS 1.3, client certificate": hosts13("P-256", wantsClient),
		"TLS 1.3, retry":              hosts13("P-256", retry),
		"TLS 1.3, resumed":            again(hosts13("P-256")),
		"TLS 1.2":                     hosts12("P-256"),
		"TLS 1.2, client certificate": hosts12("P-256", wantsClient, stapled),
		"TLS 1.2, RSA key exchange":   hosts12("RSA-2048", rsaOnly),
		"TLS 1.2, resumed":            again(hosts12("P-256")),
	} {
		for n, skipped := range skips(t, hosts) {
			if skipped.Content == iana.ContentChangeCipherSpec && name[:7] == "TLS 1.3" {
				continue // it means nothing
			}
			client, server := hosts(t)
			seen := 0
			p := through(t, client, server, &tlstest.Middle{Alter: func(q piece) pieces {
				if q.Content != iana.ContentHandshake && q.Content != iana.ContentChangeCipherSpec || q.Content == iana.ContentHandshake && q.Is(iana.MsgNewSessionTicket) {
					return pieces{q}
				}
				if seen++; seen == n+1 {
					return nil
				}
				return pieces{q}
			}})
			p.Run()
			at := p.Client
			if skipped.From == trace.Client {
				at = p.Server
			}
			what := fmt.Sprint(skipped.Content)
			if skipped.Content == iana.ContentHandshake {
				what = fmt.Sprint(skipped.Type())
			}
			if at.Complete() {
				t.Errorf("%s, without %s of the %v: the handshake is complete", name, what, skipped.From)
			}
		}
	}
}

// TestFinishedFirst is SKIP-TLS itself: a server sends Finished in place of all
// else, in the clear, and a client that takes it has a connection with anybody.
func TestFinishedFirst(t *testing.T) {
	for _, v := range bothVersions {
		for _, after := range []iana.HandshakeType{iana.MsgServerHello, iana.MsgCertificate, iana.MsgEncryptedExtensions} {
			client, server := hostsOf(v, "P-256")
			sent := false
			p := through(t, client, server, &tlstest.Middle{Alter: first(after, func(q piece) pieces {
				sent = true
				return pieces{q, {From: q.From, Content: iana.ContentHandshake, Bytes: message(iana.MsgFinished, make([]byte, 12)...)}}
			})})
			p.Run()
			if sent && p.Client.Complete() {
				t.Errorf("%v: Finished after %v", v, after)
			}
		}
	}
}

// TestExportRSA is FREAK (2015): a server, or somebody in its place, gives a
// client that wants RSA key exchange a short RSA key in a ServerKeyExchange, as
// the suites for export had it.
func TestExportRSA(t *testing.T) {
	client, server := hosts12("RSA-2048", rsaOnly)(t)
	short := slices.Concat([]byte{0, 64, 0xc0}, make([]byte, 62), []byte{1, 0, 3, 1, 0, 1})
	p := through(t, client, server, &tlstest.Middle{Alter: first(iana.MsgServerHelloDone, func(q piece) pieces {
		exchange := wire.AppendServerKeyExchange(nil, short, iana.RSAPKCS1SHA256, make([]byte, 256))
		return pieces{{From: q.From, Content: q.Content, Bytes: exchange}, q}
	})})
	p.Run()
	if !isFault(p.Client.Err(), fault.UnexpectedMessage) {
		t.Error(p.Client.Err())
	}
}

// TestHeartbleed is CVE-2014-0160: a heartbeat that says it is longer than it
// is. Heartbeats (RFC 6520) are not implemented: the extension is not answered,
// and the record refused, within a handshake and after.
func TestHeartbleed(t *testing.T) {
	heartbeat := piece{Content: 24, Bytes: []byte{1, 0x40, 0}}
	for _, v := range bothVersions {
		for _, complete := range []bool{false, true} {
			client, server := hostsOf(v, "P-256")
			m := &tlstest.Middle{}
			m.Alter = clientHello(func(h *wire.ClientHello) { h.Extensions = set(h.Extensions, 15, 1) })
			if !complete {
				m.Alter = first(iana.MsgFinished, func(q piece) pieces {
					heartbeat.From = q.From
					return pieces{heartbeat, q}
				})
			}
			p := through(t, client, server, m)
			p.Run()
			if complete {
				hello, err := wire.ParseServerHello(p.Server.Record().ServerHello[wire.HeaderLen:])
				if _, answered := hello.Extensions.Get(15); err != nil || answered {
					t.Errorf("%v: the extension is answered: %v, %v", v, answered, err)
				}
				continue
			}
			if err := p.Server.Err(); !isFault(err, fault.UnexpectedRecord) && !isFault(p.Client.Err(), fault.UnexpectedRecord) {
				t.Errorf("%v: %v", v, err)
			}
		}
		client, server := hostsOf(v, "P-256")
		m := &tlstest.Middle{}
		p := through(t, client, server, m)
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		sent := len(p.ToClient)
		m.Alter = func(q piece) pieces { return pieces{q} }
		sends(atServer, heartbeat)(t, p, m)
		if !isFault(p.Server.Err(), fault.UnexpectedRecord) || len(p.ToClient)-sent > 64 {
			t.Errorf("%v: %v, the answer has %d bytes", v, p.Server.Err(), len(p.ToClient)-sent)
		}
	}
}

// TestCRIME compresses nothing, whatever is offered (Rizzo and Duong, 2012). RFC
// 9846, section 4.2.2, and RFC 5246, section 7.4.1.2.
func TestCRIME(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		p := run(t, client, server, 0)
		ours, _ := wire.ParseClientHello(p.Client.Record().ClientHello[wire.HeaderLen:])
		if string(ours.Compression) != "\x00" {
			t.Errorf("%v: a client offers the compression methods %x", v, ours.Compression)
		}
	}
	client, server := hosts12("P-256")(t)
	var chosen iana.Compression = 0xff
	p := through(t, client, server, &tlstest.Middle{Alter: func(q piece) pieces {
		switch {
		case q.Is(iana.MsgClientHello):
			m, _ := wire.ParseClientHello(q.Bytes[wire.HeaderLen:])
			m.Compression = []byte{1, 64, 0} // DEFLATE and LZS before none
			return as(q, m.Append(nil))
		case q.Is(iana.MsgServerHello):
			m, _ := wire.ParseServerHello(q.Bytes[wire.HeaderLen:])
			chosen = m.Compression
		}
		return pieces{q}
	}})
	p.Run()
	if chosen != iana.CompressionNull {
		t.Errorf("a server chooses the compression method %d", chosen)
	}
}

// TestALPACA has the two ends speak different protocols (Brinkmann and others,
// 2021): a server that has none of those offered ends the handshake, in every
// version, and a client takes no other than it has offered. RFC 7301, section
// 3.2.
func TestALPACA(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		client.Config.Protocols, server.Config.Protocols = []string{"http/1.1"}, []string{"ftp", "smtp"}
		p, err := tlstest.NewPair(client, server)
		if err != nil {
			t.Fatal(err)
		}
		p.Run()
		if !isFault(p.Server.Err(), fault.NoSharedProtocol) || fault.NoSharedProtocol.Alert() != iana.AlertNoApplicationProtocol || p.Client.Complete() {
			t.Errorf("%v: %v", v, p.Server.Err())
		}
	}
}
