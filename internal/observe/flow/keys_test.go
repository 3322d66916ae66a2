package flow_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// keyedPair joins two hosts of a version and suite; what the client logs goes to
// the log.
func keyedPair(t *testing.T, v iana.Version, s suite.Params, c *sign.Credential, log *flow.KeyLog) *tlstest.Pair {
	t.Helper()
	p := *policy.Museum()
	p.Versions, p.Suites = []iana.Version{v}, []iana.Suite{s.ID}
	config := func() *handshake.Config {
		return &handshake.Config{Policy: &p, Rand: rand.Reader, Now: func() time.Time { return tlstest.Now }, Record: true}
	}
	client, server := &tlstest.Host{Config: config()}, &tlstest.Host{Config: config(), Credential: c}
	client.Config.ServerName = "a.example"
	client.Config.KeyLog = func(label string, random, secret []byte) {
		if n := log.Add(fmt.Appendf(nil, "%s %x %x\n", label, random, secret)); n > 0 {
			t.Errorf("the log does not take %s", label)
		}
	}
	pair, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Run(); err != nil {
		t.Fatal(err)
	}
	return pair
}

// said is what an observer reads of a side.
type said struct {
	clear, sealed []byte // handshake messages before and after encryption began
	data          []byte
	failed        int
}

// listen reads a side's records with what opens them.
func listen(b []byte, u *flow.Unlocker, v iana.Version) (s said) {
	locked := false
	for len(b) >= 5 {
		head := flow.RecordHeader{
			Content: iana.ContentType(b[0]), Version: iana.Version(binary.BigEndian.Uint16(b[1:])), Length: int(binary.BigEndian.Uint16(b[3:])),
		}
		ct, content, ok := head.Content, b[5:5+head.Length], true
		b = b[5+head.Length:]
		switch {
		case ct == iana.ContentChangeCipherSpec:
			locked = u.ChangeCipherSpec() || v < iana.TLS13
			continue
		case locked || ct == iana.ContentApplicationData:
			locked = true
			before := bytes.Clone(content)
			was := content
			if ct, content, ok = u.Open(head, content); !ok {
				s.failed++
			}
			if !bytes.Equal(before, was) {
				panic("what was captured is changed")
			}
		}
		switch {
		case ok && ct == iana.ContentApplicationData:
			s.data = append(s.data, content...)
		case ok && ct == iana.ContentHandshake && locked:
			s.sealed = append(s.sealed, content...)
		case ok && ct == iana.ContentHandshake:
			s.clear = append(s.clear, content...)
		}
	}
	return s
}

func typesOf(b []byte) (list []iana.HandshakeType) {
	for {
		t, raw, ok := wire.NextMessage(b)
		if !ok {
			return list
		}
		list, b = append(list, t), b[len(raw):]
	}
}

// hellosOf gives what the hellos of a pair say.
func hellosOf(t *testing.T, p *tlstest.Pair) (flow.Agreed, []iana.Suite) {
	t.Helper()
	client, err := wire.ParseClientHello(p.Client.Record().ClientHello[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	server, err := wire.ParseServerHello(p.Client.Record().ServerHello[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	e := p.Client.Established()
	return flow.Agreed{
		Version: e.Version, Suite: e.Suite, EtM: e.EtM,
		ClientRandom: [32]byte(client.Random), ServerRandom: [32]byte(server.Random),
	}, client.CipherSuites.Values()
}

// TestUnlock opens what both sides of every version and suite have sent, with the
// key log of the client.
func TestUnlock(t *testing.T) {
	for _, v := range []iana.Version{iana.SSL30, iana.TLS10, iana.TLS11, iana.TLS12, iana.TLS13} {
		for _, s := range suite.All() {
			if s.MinVersion > v || s.MaxVersion < v || s.Auth == suite.NoKey {
				continue
			}
			t.Run(fmt.Sprint(v, s.ID), func(t *testing.T) { unlock(t, v, s) })
		}
	}
}

func unlock(t *testing.T, v iana.Version, s suite.Params) {
	kind := map[suite.Auth]string{suite.RSAKey: "RSA-2048", suite.DSSKey: "DSA"}[s.Auth]
	if kind == "" {
		kind = "P-256"
	}
	var log flow.KeyLog
	p := keyedPair(t, v, s, tlstest.Credentials()[kind], &log)
	data := bytes.Repeat([]byte("said by the client "), 2000)
	for range 2 {
		if err := p.Send(p.Client, data); err != nil {
			t.Fatal(err)
		}
		if err := p.Send(p.Server, data[5:]); err != nil {
			t.Fatal(err)
		}
		if v == iana.TLS13 {
			if err := p.Client.KeyUpdate(true); err != nil {
				t.Fatal(err)
			}
		}
	}
	agreed, offered := hellosOf(t, p)
	for side, b := range map[trace.Side][]byte{trace.Client: p.ToServer, trace.Server: p.ToClient} {
		want := [...][]byte{trace.Client: p.ServerData, trace.Server: p.ClientData}[side]
		u := flow.NewUnlocker(side, &flow.Keys{Log: &log}, agreed.ClientRandom, offered)
		u.Agree(agreed)
		got := listen(b, u, v)
		if got.failed > 0 || len(want) < len(data) || !bytes.Equal(got.data, want) {
			t.Errorf("%v: %d records were not opened, %d bytes of data, want %d", side, got.failed, len(got.data), len(want))
		}
		if types := typesOf(got.sealed); len(types) == 0 || v < iana.TLS13 && types[0] != iana.MsgFinished && types[0] != iana.MsgNewSessionTicket {
			t.Errorf("%v: the encrypted messages are %v", side, types)
		}
		none := flow.NewUnlocker(side, &flow.Keys{Log: new(flow.KeyLog)}, agreed.ClientRandom, offered)
		none.Agree(agreed)
		if got := listen(b, none, v); got.failed == 0 || len(got.data) > 0 || len(got.sealed) > 0 {
			t.Errorf("%v: opened without keys: %+v", side, got)
		}
	}
}

// TestUnlockRSA opens connections with static RSA by the server's private key, with
// extended_master_secret and, in SSL 3.0, without.
func TestUnlockRSA(t *testing.T) {
	key := tlstest.NewKey("RSA-2048")
	credential, err := sign.NewCredential(tlstest.Root().Leaf(key, []string{"a.example"}, nil), nil, key, sign.Extra{})
	if err != nil {
		t.Fatal(err)
	}
	for v, id := range map[iana.Version]iana.Suite{
		iana.SSL30: iana.TLS_RSA_WITH_RC4_128_SHA, iana.TLS10: iana.TLS_RSA_WITH_AES_128_CBC_SHA,
		iana.TLS11: iana.TLS_RSA_WITH_AES_256_CBC_SHA, iana.TLS12: iana.TLS_RSA_WITH_AES_256_GCM_SHA384,
	} {
		t.Run(v.String(), func(t *testing.T) {
			s, _ := suite.Of(id)
			p := keyedPair(t, v, s, credential, new(flow.KeyLog))
			if err := p.Send(p.Client, []byte("secret")); err != nil {
				t.Fatal(err)
			}
			agreed, offered := hellosOf(t, p)
			blind := func(b []byte) []byte {
				return listen(b, flow.NewUnlocker(trace.Client, new(flow.Keys), agreed.ClientRandom, offered), v).clear
			}
			fromClient, fromServer := blind(p.ToServer), blind(p.ToClient)
			_, hello, _ := wire.NextMessage(fromClient)
			exchange := fromClient[len(hello):]
			agreed.Exchange = exchange[wire.HeaderLen:]
			if v > iana.SSL30 {
				agreed.Exchange = agreed.Exchange[2:]
				h := s.Hash
				if v < iana.TLS12 {
					h = schedule.MD5SHA1
				}
				messages := h.New()
				messages.Write(bytes.Join([][]byte{hello, fromServer, exchange}, nil))
				agreed.SessionHash = messages.Sum(nil)
			}
			for _, keys := range []*flow.Keys{{RSA: []*rsa.PrivateKey{otherKey(), key.(*rsa.PrivateKey)}}, {Log: premasterLog(t, key, agreed.Exchange)}} {
				u := flow.NewUnlocker(trace.Client, keys, agreed.ClientRandom, offered)
				u.Agree(agreed)
				if got := listen(p.ToServer, u, v); string(got.data) != "secret" || got.failed > 0 {
					t.Errorf("%q, %d records were not opened", got.data, got.failed)
				}
			}
		})
	}
}

func otherKey() *rsa.PrivateKey { return tlstest.NewKey("RSA-2048").(*rsa.PrivateKey) }

// premasterLog gives a key log with the premaster secret by what it was encrypted
// to.
func premasterLog(t *testing.T, key crypto.Signer, exchange []byte) *flow.KeyLog {
	secret, err := key.(*rsa.PrivateKey).Decrypt(nil, exchange, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := new(flow.KeyLog)
	log.Add(fmt.Appendf(nil, "RSA %x %x", exchange[:8], secret))
	return log
}

// TestKeyLog has lines of all kinds.
func TestKeyLog(t *testing.T) {
	random := bytes.Repeat([]byte("ab"), 32)
	for line, bad := range map[string]int{
		"":              0,
		"# a comment":   0,
		" \r\n\n \t \n": 0,
		fmt.Sprintf("CLIENT_RANDOM %s 00ff\r\n", random):              0,
		fmt.Sprintf("EXPORTER_SECRET %s 00ff", random):                0,
		fmt.Sprintf("SOMETHING_NEW %s zz", random):                    0,
		"RSA 0102030405060708 0303\n":                                 0,
		"RSA Session-ID:0102 Master-Key:0304\n":                       0,
		"RSA Session-ID:01x2 Master-Key:0304\n":                       1,
		"RSA 01020304050607 0303\n":                                   1,
		"RSA 010203040506070g 0303\n":                                 1,
		"RSA 0102030405060708 030\n":                                  1,
		fmt.Sprintf("CLIENT_RANDOM %s 00f\nx", random):                2,
		fmt.Sprintf("CLIENT_RANDOM %s 00ff", random[1:]):              1,
		fmt.Sprintf("CLIENT_RANDOM %sg 00ff", random[1:]):             1,
		fmt.Sprintf("CLIENT_RANDOM %s", random):                       1,
		fmt.Sprintf("CLIENT_RANDOM %s %02050x", random, 1):            1,
		fmt.Sprintf("CLIENT_RANDOM %s 00ff # no room here", random):   1,
		fmt.Sprintf("SERVER_TRAFFIC_SECRET_0 %s 00ff\nz z z", random): 0,
	} {
		if got := new(flow.KeyLog).Add([]byte(line)); got != bad {
			t.Errorf("%q: %d lines are bad, want %d", line, got, bad)
		}
	}
}

// TestKeyLogFull fills a key log.
func TestKeyLogFull(t *testing.T) {
	var l flow.KeyLog
	var lines []byte
	for i := range 1<<17 + 3 {
		lines = fmt.Appendf(lines, "CLIENT_RANDOM %064x 00\n", i)
	}
	if bad := l.Add(lines); bad != 0 || l.Left() != 3 {
		t.Errorf("%d lines are bad, %d were left out", bad, l.Left())
	}
}

func FuzzKeyLog(f *testing.F) {
	f.Add([]byte("# NSS\nCLIENT_RANDOM " + fmt.Sprintf("%064x %096x", 1, 2)))
	f.Add([]byte("RSA 0102030405060708 0303\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l flow.KeyLog
		if bad := l.Add(b); bad > bytes.Count(b, []byte{'\n'})+1 || l.Left() > 0 {
			t.Errorf("%d bad lines, %d left", bad, l.Left())
		}
	})
}

// FuzzUnlock has records of any kind opened.
func FuzzUnlock(f *testing.F) {
	f.Add(uint16(iana.TLS12), uint16(iana.TLS_RSA_WITH_AES_128_CBC_SHA), byte(iana.ContentApplicationData), make([]byte, 64))
	f.Add(uint16(iana.TLS13), uint16(iana.TLS_AES_128_GCM_SHA256), byte(iana.ContentApplicationData), make([]byte, 32))
	f.Add(uint16(iana.SSL30), uint16(iana.TLS_RSA_WITH_RC4_128_SHA), byte(iana.ContentHandshake), make([]byte, 16))
	f.Fuzz(func(_ *testing.T, version, id uint16, ct byte, content []byte) {
		var log flow.KeyLog
		for _, label := range []string{"CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"} {
			log.Add(fmt.Appendf(nil, "%s %064x %064x\n", label, 0, 1))
		}
		log.Add(fmt.Appendf(nil, "CLIENT_RANDOM %064x %096x\n", 0, 1))
		a := flow.Agreed{Version: iana.Version(version), Suite: iana.Suite(id), Exchange: content}
		u := flow.NewUnlocker(trace.Client, &flow.Keys{Log: &log}, a.ClientRandom, []iana.Suite{a.Suite})
		head := flow.RecordHeader{Content: iana.ContentType(ct), Version: iana.TLS12, Length: len(content)}
		for range 2 {
			u.Open(head, content)
			u.Agree(a)
			u.ChangeCipherSpec()
			u.Open(head, content)
		}
	})
}
