package endpoint_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// A WebSocket passes through, to a server with a path in front, through the access
// log and what compresses answers, and is not cut off when it is quiet for longer
// than an answer may take.
func TestWebSocket(t *testing.T) {
	for _, scheme := range []string{"http", "https"} { // to which requests go by HTTP/2
		t.Run(scheme, func(t *testing.T) { testWebSocket(t, scheme) })
	}
}

func testWebSocket(t *testing.T, scheme string) {
	h := newHost(t, endpoint.Options{}, twoSites)
	closed := make(chan websocket.StatusCode, 1)
	back := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"echo"}, CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			return
		}
		c.SetReadLimit(1 << 20)
		for {
			kind, text, err := c.Read(context.Background())
			if err != nil {
				closed <- websocket.CloseStatus(err)
				return
			}
			c.Write(context.Background(), kind, text)
		}
	}))
	back.EnableHTTP2 = true
	if scheme == "http" {
		back.Start()
	} else {
		back.StartTLS()
		h.write("back.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: back.Certificate().Raw})))
	}
	t.Cleanup(back.Close)
	text := strings.Replace(twoSites, "{name: a, hosts: [a.localhost], folder: a}",
		`{name: a, hosts: [a.localhost], proxy: "`+back.URL+`/base", compress: true, answer_within: 600ms}`, 1)
	if scheme == "https" {
		text = strings.Replace(text, "compress", "proxy_ca: back.pem, compress", 1)
	}
	if err := h.apply("access_log: {to: access.log}\n" + text); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, res, err := websocket.Dial(ctx, "wss://a.localhost/chat?x=y", &websocket.DialOptions{
		HTTPClient: h.client("a.localhost", http1), Subprotocols: []string{"echo"}, CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		t.Fatal(err, res)
	}
	c.SetReadLimit(1 << 20)
	if c.Subprotocol() != "echo" {
		t.Errorf("%q", c.Subprotocol())
	}
	for _, text := range []string{"hello", "", strings.Repeat("x", 300_000), "quiet"} {
		if text == "quiet" {
			time.Sleep(700 * time.Millisecond)
		}
		if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || string(got) != text {
			t.Fatalf("%.10q %v", got, err)
		}
	}
	if err := c.Close(websocket.StatusNormalClosure, "enough"); err != nil {
		t.Error(err)
	}
	select {
	case code := <-closed:
		if code != websocket.StatusNormalClosure {
			t.Error(code)
		}
	case <-ctx.Done():
		t.Error("the server behind does not know that it is over")
	}
	if line := h.logLine(0); line["status"] != 101.0 || line["path"] != "/chat" || line["backend"] != back.URL+"/base" {
		t.Errorf("%v", line)
	}
}
