package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// postHosts are hosts of TLS 1.3 that allow authentication after the handshake.
func postHosts(change ...func(client, server *tlstest.Host)) (client, server *tlstest.Host) {
	client, server = clientHost(), serverHost("P-256")
	client.Credential = tlstest.Credentials()["P-384"]
	client.Config.PostHandshakeAuth, server.Config.PostHandshakeAuth = true, true
	for _, f := range change {
		f(client, server)
	}
	return client, server
}

// wantsLater has the server ask for a certificate.
func wantsLater(p *tlstest.Pair, auth handshake.ClientAuth) error {
	settings := *p.ServerHost.Config
	settings.ClientAuth = auth
	return p.Server.RequestCertificate(&settings)
}

func asksLater(p *tlstest.Pair, auth handshake.ClientAuth) error {
	return errors.Join(wantsLater(p, auth), p.Run())
}

func TestPostHandshakeAuth(t *testing.T) {
	for _, suite := range []iana.Suite{iana.TLS_AES_128_GCM_SHA256, iana.TLS_AES_256_GCM_SHA384} {
		for _, kind := range []string{"RSA-2048", "P-256", "Ed25519"} {
			for _, cut := range []int{0, 1, 7} {
				t.Run(fmt.Sprint(suite, kind, cut), func(t *testing.T) {
					client, server := postHosts()
					client.Credential = tlstest.Credentials()[kind]
					client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.Suites = []iana.Suite{suite} })
					p := run(t, client, server, cut)
					before := *p.Server.Established()
					for n := 1; n <= 3; n++ {
						if err := asksLater(p, handshake.RequireClientAuth); err != nil {
							t.Fatal(err)
						}
						e := p.Server.Established()
						if e.Peer == nil || !bytes.Equal(e.Peer.Chain[0], client.Credential.Chain[0]) || e.PeerScheme == 0 {
							t.Fatal("the server has not seen the certificate")
						}
						if p.Client.Renegotiations() != n || p.Server.Renegotiations() != n || p.Server.Requested() {
							t.Errorf("%d and %d times", p.Client.Renegotiations(), p.Server.Renegotiations())
						}
						if p.Client.Established().Local != client.Credential {
							t.Error("the client does not know what it has shown")
						}
						flows(t, p, fmt.Sprint("after ", n))
						if err := errors.Join(p.Client.KeyUpdate(true), p.Run()); err != nil {
							t.Fatal(err)
						}
					}
					after := p.Server.Established()
					if after.Exporter != before.Exporter || after.Resumption != before.Resumption || after.ALPN != before.ALPN {
						t.Error("more has changed than who the client is")
					}
					sameExport(t, p)
				})
			}
		}
	}
}

// A connection that resumes a session can be asked as well, and one that began
// with a retry.
func TestPostHandshakeAuthAfter(t *testing.T) {
	client, server := postHosts()
	p := run(t, client, server, 0)
	client.Config.Session = sessionOf(t, p)
	p = run(t, client, server, 0)
	if err := asksLater(p, handshake.RequireClientAuth); err != nil || !p.Server.Established().Resumed || p.Server.Established().Peer == nil {
		t.Errorf("resumed: %v", err)
	}
	client, server = postHosts(func(client, _ *tlstest.Host) {
		client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.Shares = []iana.Group{} })
	})
	p = run(t, client, server, 0)
	if err := asksLater(p, handshake.RequireClientAuth); err != nil || !p.Server.Established().Retried || p.Server.Established().Peer == nil {
		t.Errorf("retried: %v", err)
	}
}

// A client without a certificate says so, and the connection goes on if the
// server does not insist.
func TestPostHandshakeAuthDeclined(t *testing.T) {
	client, server := postHosts()
	p := run(t, client, server, 0)
	if err := asksLater(p, handshake.RequestClientAuth); err != nil || p.Server.Established().Peer == nil {
		t.Fatal(err)
	}
	client.Credential = nil
	if err := asksLater(p, handshake.RequestClientAuth); err != nil {
		t.Fatal(err)
	}
	if p.Server.Established().Peer != nil || p.Client.Established().Local != nil {
		t.Error("who the client was is still said of it")
	}
	flows(t, p, "nobody")
	if asksLater(p, handshake.RequireClientAuth); !isFault(p.Server.Err(), fault.CertificateMissing) {
		t.Errorf("without the certificate that is required: %v", p.Server.Err())
	}
}

// Data that was on its way arrives, in both directions, and several requests are
// answered one after the other.
func TestPostHandshakeAuthAmidData(t *testing.T) {
	client, server := postHosts()
	p := run(t, client, server, 0)
	p.ServerData, p.ClientData = nil, nil
	if err := wantsLater(p, handshake.RequireClientAuth); err != nil {
		t.Fatal(err)
	}
	if err := wantsLater(p, handshake.RequireClientAuth); err == nil {
		t.Error("two requests are open")
	}
	if err := p.Send(p.Client, []byte("crosses the request")); err != nil {
		t.Fatal(err)
	}
	if string(p.ServerData) != "crosses the request" || p.Server.Renegotiations() != 1 {
		t.Errorf("%q arrived", p.ServerData)
	}
}

// What is compressed once has no context and is not used here. What another
// client compresses is read.
func TestPostHandshakeAuthCompressed(t *testing.T) {
	client, server := postHosts()
	client.Config.Compress, server.Config.Decompress = compress.All(), compress.All()
	p := run(t, client, server, 0)
	if err := asksLater(p, handshake.RequireClientAuth); err != nil || p.Server.Established().Peer == nil {
		t.Fatal(err)
	}
	bad := wire.CompressedCertificate{Algorithm: 99, UncompressedLength: 9, Compressed: []byte{1}}
	client, server = postHosts()
	server.Config.Decompress = compress.All()
	err := answered(t, client, server, func(p piece) pieces {
		return pieces{{From: p.From, Content: p.Content, Bytes: bad.Append(nil)}}
	})
	if !isFault(err, fault.CompressionUnknown) {
		t.Error(err)
	}
}

// answered alters the client's Certificate in an authentication and gives what
// the server makes of it.
func answered(t *testing.T, client, server *tlstest.Host, alter func(piece) pieces) error {
	t.Helper()
	m := &tlstest.Middle{}
	p := through(t, client, server, m)
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	m.Alter = func(p piece) pieces {
		if p.Is(iana.MsgCertificate) {
			return alter(p)
		}
		return pieces{p}
	}
	asksLater(p, handshake.RequestClientAuth)
	return p.Server.Err()
}

// postAttacks are on the authentication of clients after the handshake.
func postAttacks() []attack {
	at := func(alter func(piece) pieces, change ...func(client, server *tlstest.Host)) func(*testing.T) error {
		return func(t *testing.T) error {
			client, server := postHosts(change...)
			return answered(t, client, server, alter)
		}
	}
	before := func(ct iana.ContentType, b ...byte) func(piece) pieces {
		return func(p piece) pieces { return pieces{p, {From: p.From, Content: ct, Bytes: b}} }
	}
	return []attack{
		{code: fault.RequestContextWrong, name: "after the handshake", err: at(func(p piece) pieces {
			p.Bytes[wire.HeaderLen+1] ^= 1
			return pieces{p}
		})},
		{code: fault.RequestContextWrong, name: "without the context", err: at(func(p piece) pieces {
			m, err := wire.ParseCertificate13(p.Bytes[wire.HeaderLen:])
			if err != nil {
				panic(err)
			}
			rest := p.Bytes[wire.HeaderLen+1+len(m.Context)+3:]
			p.Bytes = wire.AppendCertificate13(nil, nil, append([]byte{byte(len(rest) >> 16), byte(len(rest) >> 8), byte(len(rest))}, rest...))
			return pieces{p}
		})},
		{code: fault.DataInHandshake, name: "after the handshake", err: at(before(iana.ContentApplicationData, 'x'))},
		{code: fault.UnexpectedMessage, name: "KeyUpdate within an authentication", err: at(before(iana.ContentHandshake, byte(iana.MsgKeyUpdate), 0, 0, 1, 0))},
		{code: fault.UnexpectedMessage, name: "certificate without proof", err: at(func(p piece) pieces {
			return pieces{p, {From: p.From, Content: p.Content, Bytes: message(iana.MsgFinished, make([]byte, 32)...)}}
		})},
		{code: fault.FinishedWrong, name: "after the handshake", err: at(func(p piece) pieces {
			empty := wire.AppendCertificate13(nil, p.Bytes[wire.HeaderLen+1:][:p.Bytes[wire.HeaderLen]], []byte{0, 0, 0})
			return pieces{{From: p.From, Content: p.Content, Bytes: empty}, {From: p.From, Content: p.Content, Bytes: message(iana.MsgFinished, make([]byte, 48)...)}}
		})},
	}
}

// A request that could not be made leaves nothing behind.
func TestPostHandshakeAuthWithoutRandomness(t *testing.T) {
	client, server := postHosts()
	p := run(t, client, server, 0)
	settings := *server.Config
	settings.Rand = bytes.NewReader(nil)
	if err := p.Server.RequestCertificate(&settings); err == nil || p.Server.Requested() {
		t.Errorf("%v, asked: %t", err, p.Server.Requested())
	}
	flows(t, p, "as before")
	if err := asksLater(p, handshake.RequireClientAuth); err != nil || p.Server.Established().Peer == nil {
		t.Error(err)
	}
}

// What nobody asked for is refused, as is a request that the client did not allow.
func TestPostHandshakeAuthUnasked(t *testing.T) {
	request := message(iana.MsgCertificateRequest, 1, 7, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3)
	if err := afterwards(t, iana.TLS13, trace.Client, request); !isFault(err, fault.UnexpectedMessage) {
		t.Errorf("without post_handshake_auth: %v", err)
	}
	p := run(t, clientHost(), serverHost("P-256"), 0)
	if p.Server.CanRequestCertificate() || wantsLater(p, handshake.RequestClientAuth) == nil {
		t.Error("a client is asked that did not allow it")
	}
	client, server := postHosts(func(client, _ *tlstest.Host) { client.Config.Protocols = []string{"h2"} })
	p = run(t, client, server, 0)
	if p.Server.CanRequestCertificate() {
		t.Error("a client is asked in HTTP/2")
	}
	for name, protocol := range map[string]string{"in HTTP/2": "h2", "a flood": "http/1.1"} {
		client, server := postHosts(func(client, _ *tlstest.Host) {
			client.Config.Protocols, client.Credential = []string{protocol}, tlstest.Credentials()["P-256"]
		})
		m := &tlstest.Middle{}
		p := through(t, client, server, m)
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		m.Alter = func(p piece) (all pieces) {
			if p.From == trace.Client || p.Content != iana.ContentApplicationData {
				return pieces{p}
			}
			return append(times(20, piece{From: p.From, Content: iana.ContentHandshake, Bytes: request}), p)
		}
		p.Send(p.Server, []byte("data"))
		if !isFault(p.Client.Err(), fault.UnexpectedMessage) {
			t.Errorf("%s: %v", name, p.Client.Err())
		}
	}
	p = run(t, clientHost(), serverHost("P-256"), 0)
	if p.Client.CanRequestCertificate() || p.Client.RequestCertificate(p.ClientHost.Config) == nil {
		t.Error("a client asks")
	}
}

// A request that is under way, and fails, has agreed on nothing: who the client
// was is not said of it after.
func TestPostHandshakeAuthRefused(t *testing.T) {
	client, server := postHosts()
	p := run(t, client, server, 0)
	server.Verify = func(*handshake.PeerCertificates) error { return errors.New("nobody I know") }
	asksLater(p, handshake.RequireClientAuth)
	if !isFault(p.Server.Err(), fault.CertificateRefused) || p.Server.Established().Peer != nil || p.Server.Record() == nil {
		t.Errorf("%v", p.Server.Err())
	}
	if !errors.Is(p.Client.Err(), fault.PeerAlert) {
		t.Errorf("the client: %v", p.Client.Err())
	}
}

// postRecords give the records of authentications that take every way there is.
func postRecords(t *testing.T) (records []*trace.Record) {
	for _, approval := range []bool{false, true} {
		for _, credential := range []bool{false, true} {
			client, server := postHosts(func(client, server *tlstest.Host) {
				server.Config.AskApproval = approval
				if !credential {
					client.Credential = nil
				}
			})
			p := run(t, client, server, 0)
			if err := asksLater(p, handshake.RequestClientAuth); err != nil {
				t.Fatal(err)
			}
			for _, c := range []*engine.Conn{p.Client, p.Server} {
				records = append(records, c.Record())
			}
		}
	}
	return records
}
