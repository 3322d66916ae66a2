package endpoint_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

const behindOthers = `listen:
  https: ["127.0.0.1:$HTTPS"]
  http: ["127.0.0.1:$HTTP_"]
  proxy_protocol:
    - {on: "127.0.0.1:$HTTPS", from: [127.0.0.3, 127.0.1.0/24]}
    - {on: "127.0.0.1:$HTTP_", from: [127.0.0.3]}
certificates: [{name: a, local_ca: [a.localhost]}]
bindings: [{on: "a.localhost:$HTTPS", certificates: [a], site: a}]
sites: [{name: a, hosts: [a.localhost], proxy: "http://127.0.0.1:$OTHER"}]
`

// echoPeer serves who a request is from, as far as the server behind knows.
func (h *host) echoPeer() {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+h.ports["$OTHER"])
	if err != nil {
		h.t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-For"))
	})}
	go s.Serve(l)
	h.t.Cleanup(func() { s.Close() })
}

// from is a client that connects from an address to a port, and says something
// before anything else.
func (h *host) from(address, port, first string) *http.Client {
	client := h.client("a.localhost", http1)
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 5 * time.Second}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			_, err = c.Write([]byte(first))
		}
		return c, err
	}
	return client
}

func TestProxyProtocolIsBelievedFromSomeOnly(t *testing.T) {
	h := newHost(t, endpoint.Options{}, behindOthers)
	h.echoPeer()
	const v1 = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"
	const signature = "\r\n\r\n\x00\r\nQUIT\n"
	v2 := signature + "\x21\x21\x00\x24" + string(net.ParseIP("2001:db8::7")) + string(net.ParseIP("2001:db8::1")) + "\x12\x67\x01\xbb"
	for _, test := range []struct{ what, from, first, peer, record string }{
		{"version 1", "127.0.0.3", v1, "192.0.2.7", "192.0.2.7:4711"},
		{"version 2, from a network, IPv6", "127.0.1.9", v2, "2001:db8::7", "[2001:db8::7]:4711"},
		{"version 1, unknown", "127.0.0.3", "PROXY UNKNOWN\r\n", "127.0.0.3", ""},
		{"version 2, local", "127.0.0.3", signature + "\x20\x00\x00\x00", "127.0.0.3", ""},
		{"direct", "127.0.0.1", "", "127.0.0.1", ""},
		{"who is not believed", "127.0.0.1", v1, "", ""},
		{"who is not believed, version 2", "127.0.0.4", v2, "", ""},
		{"who is believed, and does not say", "127.0.0.3", "", "", ""},
		{"nonsense", "127.0.0.3", "PROXY TCP4 nobody\r\n", "", ""},
		{"a datagram", "127.0.0.3", signature + "\x21\x12\x00\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x02", "", ""},
	} {
		before := len(h.all())
		status, body := h.get(h.from(test.from, h.ports["$HTTPS"], test.first), "a.localhost", "/")
		if test.peer == "" {
			if status != 0 {
				t.Errorf("%s: %d %q", test.what, status, body)
			}
			continue
		}
		if status != 200 || body != test.peer {
			t.Errorf("%s: %d %q", test.what, status, body)
			continue
		}
		record := h.handshake(before)
		if test.record != "" && record.Remote.String() != test.record || record.Local.String() != "127.0.0.1:"+h.ports["$HTTPS"] {
			t.Errorf("%s: the record is of %v at %v", test.what, record.Remote, record.Local)
		}
	}
	for _, first := range []string{"", v1} {
		c, err := h.from("127.0.0.3", h.ports["$HTTP_"], first).Transport.(*http.Transport).DialContext(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if (err == nil && res.StatusCode == 200) != (first != "") {
			t.Errorf("plain HTTP with %q: %+v %v", first, res, err)
		}
	}
}

// haproxy runs HAProxy with a configuration in which names such as $HTTPS are
// replaced, and $FRONT by the port that is given.
func (h *host) haproxy(text string) (front string) {
	h.t.Helper()
	path := program(h.t, "haproxy")
	front = freePort(h.t)
	text = strings.ReplaceAll(text, "$FRONT", front)
	for name, port := range h.ports {
		text = strings.ReplaceAll(text, name, port)
	}
	h.write("haproxy.cfg", "defaults\n timeout connect 5s\n timeout client 10s\n timeout server 10s\n"+text)
	c := exec.Command(path, "-db", "-f", filepath.Join(h.dir, "haproxy.cfg"))
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	for range 200 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+front); err == nil {
			conn.Close()
			return front
		}
		time.Sleep(25 * time.Millisecond)
	}
	h.t.Fatalf("HAProxy does not listen: %s", said.String())
	return ""
}

// HAProxy passes TCP on, and says whose it is.
func TestBehindHAProxy(t *testing.T) {
	for _, send := range []string{"send-proxy", "send-proxy-v2"} {
		h := newHost(t, endpoint.Options{}, behindOthers)
		h.echoPeer()
		front := h.haproxy("listen tls\n mode tcp\n bind 127.0.0.1:$FRONT\n source 127.0.0.3\n server s 127.0.0.1:$HTTPS " + send + "\n")
		client := h.from("127.0.0.9", front, "")
		if status, body := h.get(client, "a.localhost", "/"); status != 200 || body != "127.0.0.9" {
			t.Errorf("%s: %d %q", send, status, body)
		}
		ok := false
		for _, s := range h.all() { // one may be of haproxy, which was asked whether it listens
			ok = ok || s.Failure == nil && strings.HasPrefix(s.Remote.String(), "127.0.0.9:")
		}
		if !ok {
			t.Errorf("%s: no record is of the client", send)
		}
	}
}

// HAProxy behind is told whose a connection is, and never of another's.
func TestInFrontOfHAProxy(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		var said safeBuffer
		h := newHost(t, endpoint.Options{Note: func(text string) { fmt.Fprintln(&said, text) }}, twoSites)
		back := h.haproxy("frontend http\n mode http\n bind 127.0.0.1:$FRONT accept-proxy\n http-request return status 200 content-type text/plain lf-string \"%[src] %[dst_port]\"\n")
		h.ports["$BACK"] = back
		if err := h.apply(`listen: {https: ["127.0.0.1:$HTTPS"]}
certificates: [{name: a, local_ca: [a.localhost]}]
bindings: [{on: "a.localhost:$HTTPS", certificates: [a], site: a}]
sites: [{name: a, hosts: [a.localhost], proxy: "http://127.0.0.1:$BACK", send_proxy: ` + version + `, health_path: /, health_every: 20ms}]
`); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			for _, from := range []string{"127.0.0.7", "127.0.0.8"} {
				if status, body := h.get(h.from(from, h.ports["$HTTPS"], ""), "a.localhost", "/"); status != 200 || body != from+" "+h.ports["$HTTPS"] {
					t.Errorf("%s: %s is told to be %d %q", version, from, status, body)
				}
			}
		}
		if said.String() != "" { // checks of its health have such a header as well
			t.Errorf("%s: %s", version, said.String())
		}
	}
}

// A reload changes who is believed.
func TestReloadOfProxyProtocol(t *testing.T) {
	h := newHost(t, endpoint.Options{}, behindOthers)
	h.echoPeer()
	if err := h.apply(strings.Replace(behindOthers, "[127.0.0.3, 127.0.1.0/24]", "[127.0.0.5]", 1)); err != nil {
		t.Fatal(err)
	}
	const v1 = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"
	for from, want := range map[string]int{"127.0.0.3": 0, "127.0.0.5": 200} {
		if status, body := h.get(h.from(from, h.ports["$HTTPS"], v1), "a.localhost", "/"); status != want {
			t.Errorf("%s: %d %q", from, status, body)
		}
	}
	if err := h.apply(strings.Replace(behindOthers, `"127.0.0.1:$HTTPS", from: [127.0.0.3, 127.0.1.0/24]`, `"127.0.0.1:$OTHER", from: [127.0.0.3]`, 1)); err == nil {
		t.Error("an address that nobody listens on is taken")
	}
}
