package web

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// TestPictures makes the pictures of README and docs/page.md:
//
//	HANDSEL_SCREENSHOTS=$PWD/docs/pictures go test ./internal/ui/web -run Pictures
func TestPictures(t *testing.T) {
	dir := os.Getenv("HANDSEL_SCREENSHOTS")
	if dir == "" {
		t.Skip("it makes the pictures of the documentation, where HANDSEL_SCREENSHOTS says")
	}
	s := serve(t)
	s.forms = func(*endpoint.Handshake) []Form {
		return []Form{{"txt", "Copy as text", nil}, {"json", "Download JSON", nil}, {"pcapng", "Download pcapng", nil}} // as handsel serve has them
	}
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	b.run(visible("#pause"))
	arrived(t, s.Feed, allSorts(t, s.address))
	b.run(chromedp.Sleep(3*tick), chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".new").forEach(r => r.classList.remove("new"))`))
	b.shoot(dir, "now", 1400, 700)
	rows, _ := s.Rows(&Filter{Cause: "no-common-version"}, 0, 1)
	origin := b.eval("location.origin")
	b.run(chromedp.Navigate(origin+"/handshake/"+rows[0].ID), visible(".why"))
	b.shoot(dir, "handshake", 1400, 1080)
	rows, _ = s.Rows(&Filter{Cause: "issuer-not-trusted"}, 0, 1)
	if len(rows) == 0 {
		rows, _ = s.Rows(&Filter{Version: "TLS 1.3"}, 0, 1)
	}
	b.run(chromedp.Navigate(origin+"/handshake/"+rows[0].ID+"?m=0&f=ClientHello.extensions.server_name.server_name_list.host_name#message"), visible("#hex mark"),
		chromedp.Evaluate[chromedp.Void](`document.querySelector(".beside").scrollIntoView()`))
	media(b, "dark")
	b.shoot(dir, "message", 1400, 860)
	media(b, "light")
	b.run(chromedp.Navigate(origin+"/sites?local="+s.address+"&sni=shop.example.com"), visible("#rule"))
	b.shoot(dir, "sites", 1400, 720)
	s.log.Close()
	b.run(chromedp.Navigate(origin+"/causes"), visible("#groups"))
	b.shoot(dir, "causes", 1400, 640)
}

// allSorts connects in many ways, most of which fail, and gives how many they are.
func allSorts(t *testing.T, address string) uint64 {
	t.Helper()
	cache := tls.NewLRUClientSessionCache(4)
	configs := []*tls.Config{
		{}, {MaxVersion: tls.VersionTLS12}, {MaxVersion: tls.VersionTLS12, ClientSessionCache: cache}, {MaxVersion: tls.VersionTLS12, ClientSessionCache: cache},
		{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, {NextProtos: []string{"acme/0"}},
		{RootCAs: x509.NewCertPool()}, {}, {CurvePreferences: []tls.CurveID{tls.CurveP256}}, {MaxVersion: tls.VersionTLS11}, {},
	}
	for i, c := range configs {
		c.MinVersion, c.InsecureSkipVerify = tls.VersionTLS10, c.RootCAs == nil
		if c.ServerName = "shop.example.com"; i%4 == 3 && c.ClientSessionCache == nil {
			c.ServerName = "www.example.com"
		}
		if conn, err := tls.Dial("tcp", address, c); err == nil {
			conn.Close()
		}
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "GET /wp-login.php HTTP/1.1\r\nHost: x\r\n\r\n")
	c.Close()
	return uint64(len(configs) + 1)
}
