package peers

import (
	stdtls "crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// site serves pages over our HTTPS until the end of the test: / says what the
// request came by, /echo sends its body back, /big sends megabytes.
func site(t *testing.T, config *Config) (port string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil {
			http.Error(w, "r.TLS is nil", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "<p>%s %s %s %v %s resumed=%v", r.Proto, versionName(r.TLS.Version),
			shortName(r.TLS.CipherSuite), r.TLS.CurveID, r.TLS.ServerName, r.TLS.DidResume)
		for _, cert := range r.TLS.PeerCertificates {
			fmt.Fprintf(w, " client=%s", cert.Subject.CommonName)
		}
		fmt.Fprintln(w, ".</p>")
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { w.Write(bulk()) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go serveHTTP(l, config, mux)
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// webConfig is serverConfig for HTTP/2 and HTTP/1.1.
func webConfig(version uint16) *Config {
	config := serverConfig(version, identities()["P-256"])
	config.NextProtos = []string{"h2", "http/1.1"}
	return config
}

// curl runs curl against the site and gives what it printed.
func curl(t *testing.T, port string, args ...string) string {
	t.Helper()
	all := append([]string{
		"--silent", "--show-error", "--fail", "--max-time", "30", "--cacert", root().file,
		"--resolve", host + ":" + port + ":127.0.0.1",
	}, args...)
	p := start(t, "curl", all...)
	if err := p.finish(); err != nil {
		t.Fatalf("curl: %v", err)
	}
	return string(p.printed())
}

func wantPage(t *testing.T, page string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(page, word) {
			t.Errorf("the page is %q; want %q in it", shorten(page), word)
		}
	}
}

// TestCurl has curl open our site.
func TestCurl(t *testing.T) {
	for _, version := range bothVersions {
		for _, test := range []struct{ option, proto string }{
			{"--http1.1", "HTTP/1.1"},
			{"--http2", "HTTP/2.0"},
		} {
			name := versionName(version)
			limit := []string{"--tls-max", strings.TrimPrefix(name, "TLS"), test.option}
			t.Run(name+"/"+test.proto+"/page", func(t *testing.T) {
				t.Parallel()
				port := site(t, webConfig(0))
				wantPage(t, curl(t, port, append(limit, "https://localhost:"+port+"/")...), test.proto, name, host)
			})
			t.Run(name+"/"+test.proto+"/big", func(t *testing.T) {
				t.Parallel()
				port := site(t, webConfig(version))
				file := filepath.Join(t.TempDir(), "data")
				data := bulk()
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
				address := "https://localhost:" + port
				if got := curl(t, port, append(limit, address+"/big")...); got != string(data) {
					t.Errorf("/big has %d bytes, want %d", len(got), len(data))
				}
				up := append(limit, "--data-binary", "@"+file, address+"/echo")
				if got := curl(t, port, up...); got != string(data) {
					t.Errorf("/echo has %d bytes, want %d", len(got), len(data))
				}
			})
		}
		t.Run(versionName(version)+"/resumed", func(t *testing.T) {
			t.Parallel()
			config := webConfig(version)
			if version == stdtls.VersionTLS12 { // curl takes no tickets then
				skipLacking(t, sessionIDs)
				keepSessions(config)
			}
			port := site(t, config)
			address := "https://localhost:" + port + "/"
			page := curl(t, port, "--http1.1", "--header", "Connection: close", address, address)
			wantPage(t, page, "resumed=false", "resumed=true")
		})
		t.Run(versionName(version)+"/client certificate", func(t *testing.T) {
			t.Parallel()
			config := webConfig(version)
			config.ClientAuth, config.ClientCAs = stdtls.RequireAndVerifyClientCert, root().pool
			port := site(t, config)
			id := clientIdentities()["RSA-2048"]
			page := curl(t, port, "--cert", id.certFile, "--key", id.keyFile, "https://localhost:"+port+"/")
			wantPage(t, page, "client=client-RSA-2048")
		})
		t.Run(versionName(version)+"/status", func(t *testing.T) {
			t.Parallel()
			config := webConfig(version)
			cert := &config.Certificates[0]
			cert.OCSPStaple, _ = root().staple(t, identities()["P-256"])
			cert.Certificate = [][]byte{cert.Certificate[0], root().cert.Raw} // curl looks for the issuer there
			port := site(t, config)
			wantPage(t, curl(t, port, "--cert-status", "https://localhost:"+port+"/"), "HTTP/2.0")
		})
	}
}

// TestHTTPClient opens our site with the client of net/http.
func TestHTTPClient(t *testing.T) {
	for _, version := range bothVersions {
		for _, protos := range [][]string{{"h2", "http/1.1"}, {"http/1.1"}} {
			t.Run(versionName(version)+"/"+protos[0], func(t *testing.T) {
				t.Parallel()
				config := serverConfig(version, identities()["P-256"])
				config.NextProtos = protos
				port := site(t, config)
				checkGet(t, &http.Transport{
					TLSClientConfig:   &stdtls.Config{RootCAs: root().pool, ServerName: host},
					ForceAttemptHTTP2: true,
				}, "https://127.0.0.1:"+port, protos[0])
			})
		}
	}
}

// TestHTTPServer opens a site of net/http with our client.
func TestHTTPServer(t *testing.T) {
	for _, version := range bothVersions {
		for _, proto := range []string{"h2", "http/1.1"} {
			t.Run(versionName(version)+"/"+proto, func(t *testing.T) {
				t.Parallel()
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						io.Copy(w, r.Body)
						return
					}
					fmt.Fprint(w, versionName(r.TLS.Version))
				}))
				server.EnableHTTP2 = proto == "h2"
				server.TLS = &stdtls.Config{
					Certificates: []stdtls.Certificate{identities()["P-256"].certificate},
					MinVersion:   version, MaxVersion: version,
				}
				server.StartTLS()
				t.Cleanup(server.Close)
				checkGet(t, newTransport(clientConfig(0)), server.URL, proto)
			})
		}
	}
}

// checkGet gets a page and has megabytes echoed.
func checkGet(t *testing.T, transport http.RoundTripper, address, proto string) {
	t.Helper()
	client := &http.Client{Transport: transport, Timeout: patience}
	t.Cleanup(client.CloseIdleConnections)
	want := map[string]string{"h2": "HTTP/2.0", "http/1.1": "HTTP/1.1"}[proto]
	for range 2 {
		response, err := client.Get(address + "/")
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.Proto != want || response.StatusCode != http.StatusOK || len(page) == 0 {
			t.Errorf("%s, status %d, %q, %v; want %s", response.Proto, response.StatusCode, page, err, want)
		}
		if response.TLS == nil {
			t.Error("the response's TLS is nil")
		}
	}
	data := string(bulk())
	response, err := client.Post(address+"/echo", "text/plain", strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || string(got) != data {
		t.Errorf("the echo has %d bytes of %d, %v", len(got), len(data), err)
	}
}

// TestChromium has a browser open our site.
func TestChromium(t *testing.T) {
	for _, test := range []struct {
		name    string
		version uint16
		groups  []stdtls.CurveID
		protos  []string
		words   []string
	}{
		{"TLS1.3", 0, nil, []string{"h2", "http/1.1"}, []string{"HTTP/2.0", "TLS1.3", "X25519MLKEM768", host}},
		{"TLS1.3/retry", 0, []stdtls.CurveID{stdtls.CurveP384}, []string{"h2"}, []string{"TLS1.3", "CurveP384"}},
		{"TLS1.3/HTTP1", stdtls.VersionTLS13, nil, []string{"http/1.1"}, []string{"HTTP/1.1", "TLS1.3"}},
		{"TLS1.2", stdtls.VersionTLS12, nil, []string{"h2", "http/1.1"}, []string{"HTTP/2.0", "TLS1.2", "ECDHE_ECDSA"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := webConfig(test.version)
			config.CurvePreferences, config.NextProtos = test.groups, test.protos
			port := site(t, config)
			wantPage(t, browse(t, "https://localhost:"+port+"/"), test.words...)
		})
	}
}

// browse gives the page as Chromium sees it. The browser finds our authority
// where a person would put it: in the database of NSS in the home directory.
func browse(t *testing.T, address string) string {
	t.Helper()
	home := t.TempDir()
	database := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(database, 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "certutil", "-N", "-d", "sql:"+database, "--empty-password")
	run(t, "certutil", "-A", "-d", "sql:"+database, "-n", "root", "-t", "C,,", "-i", root().file)
	p := startWith(t, []string{"HOME=" + home}, "chromium",
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-extensions", "--user-data-dir="+filepath.Join(home, "profile"),
		"--dump-dom", address)
	if err := p.finish(); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return string(p.printed())
}
