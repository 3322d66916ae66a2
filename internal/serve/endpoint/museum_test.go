package endpoint_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	ours "github.com/handsel-tls/handsel/tls"
)

// hello2013 is the ClientHello of a Windows client of August 2013, with its
// record: TLS 1.0, twelve suites, 59 bytes of extensions.
var hello2013 = strings.Join([]string{
	"16 0301 0080", "01 00007c", "0301",
	"51fc5998", "8949 6660 9a64 a0b0 ba0b 4cd5 adcc 431a ad77 f0ff 6108 590e 0000 0000",
	"00",                                                                  // session_id
	"0018", "002f 0035 0005 000a c013 c014 c009 c00a 0032 0038 0013 0004", // AES, AES, RC4, 3DES, ...
	"01 00",
	"003b",
	"ff01 0001 00",
	"0000 0015 0013 00 0010 " + hex.EncodeToString([]byte("www.kaushalz.com")),
	"0005 0005 01 0000 0000",
	"000a 0006 0004 0017 0018",
	"000b 0002 01 00",
	"0023 0000",
}, " ")

// A server of that year, Schannel, answered it so: RC4 because the server
// preferred it, renegotiation_info and an empty server_name in nine bytes of
// extensions, a session ID and no ticket, all in one record. So does a binding
// with the policy museum, and says that it is weak.
func TestFrameOf2013(t *testing.T) {
	h := newHost(t, endpoint.Options{}, plainConfig)
	h.write("old.pem", rsaPair(t, "www.kaushalz.com"))
	if err := h.apply(museumConfig); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	sent, err := hex.DecodeString(strings.ReplaceAll(hello2013, " ", ""))
	if err != nil || len(sent) != 133 {
		t.Fatalf("the ClientHello has %d bytes: %v", len(sent), err)
	}
	if _, err := conn.Write(sent); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(head[:3], []byte{22, 3, 1}) {
		t.Fatalf("the record begins with %x", head)
	}
	content := make([]byte, int(head[3])<<8|int(head[4]))
	if _, err := io.ReadFull(conn, content); err != nil {
		t.Fatal(err)
	}
	var types []iana.HandshakeType
	var first, last []byte
	for len(content) > 0 {
		kind, raw, ok := wire.NextMessage(content)
		if !ok {
			t.Fatalf("the record ends within a message: %x", content)
		}
		if types = append(types, kind); len(types) == 1 {
			first = raw
		}
		last, content = raw, content[len(raw):]
	}
	if len(types) != 3 || types[0] != iana.MsgServerHello || types[1] != iana.MsgCertificate || types[2] != iana.MsgServerHelloDone {
		t.Fatalf("the record holds %v", types)
	}
	hello, err := wire.ParseServerHello(first[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 4+81 || hello.Version != iana.TLS10 || hello.CipherSuite != iana.TLS_RSA_WITH_RC4_128_SHA ||
		len(hello.SessionID) != 32 || hello.Compression != iana.CompressionNull || len(last) != 4 {
		t.Errorf("a ServerHello of %d bytes: %+v", len(first), hello)
	}
	if got := hex.EncodeToString(hello.Extensions); got != "ff01000100"+"00000000" {
		t.Errorf("the extensions are %s", got)
	}
	conn.Close()
	r := h.handshake(0).Record
	if len(r.Weak) != 3 || !strings.HasPrefix(r.Weak[0], "TLS 1.0 ") || !strings.HasPrefix(r.Weak[1], "RC4 ") {
		t.Errorf("weak is %q", r.Weak)
	}
}

const plainConfig = "listen: {http: [\"127.0.0.1:$HTTP_\"]}\nsites: [{name: a, folder: a}]\n"

const museumConfig = `listen: {https: ["127.0.0.1:$HTTPS"]}
certificates: [{name: old, files: [old.pem]}]
sites: [{name: a, folder: a}]
bindings: [{on: "127.0.0.1:$HTTPS", certificates: [old], site: a, policy: museum}]
`

// What a modern binding serves is not to be had by SSL 2.0, which its own binding
// allows for the other names.
func TestNoWayAroundBySSL2(t *testing.T) {
	h := newHost(t, endpoint.Options{}, plainConfig)
	h.write("old.pem", rsaPair(t, "old.example"))
	if err := h.apply(`listen: {https: ["127.0.0.1:$HTTPS"]}
certificates:
  - {name: old, files: [old.pem]}
  - {name: new, local_ca: [new.localhost]}
sites:
  - {name: a, hosts: [new.localhost], folder: a}
  - {name: b, folder: b}
bindings:
  - {on: "0.0.0.0:$HTTPS", certificates: [old], site: b, ssl2: true}
  - {on: "new.localhost:$HTTPS", certificates: [new], site: a}
`); err != nil {
		t.Fatal(err)
	}
	client := h.ours(&ours.Config{SSL2: true, InsecureSkipVerify: true})
	for name, want := range map[string]int{"old.example": 200, "new.localhost": 421} {
		if status, body := h.get(client, name, "/"); status != want {
			t.Errorf("%s: %d %q", name, status, body)
		}
	}
}
