//go:build !peers_std

package peers

import (
	stdtls "crypto/tls"
	"net"
	"slices"
	"strings"
	"testing"
)

// zooJDK is a client of one JDK that is there for all of the zoo.
func zooJDK(j *jdk, protocol, suites string) zooClient {
	return zooClient{"Java", func(t *testing.T, address string) string {
		_, port, _ := net.SplitHostPort(address)
		return strings.TrimPrefix(j.ask(t, "connect", port, protocol, suites, "-", "-"), "failed ")
	}}
}

// zooJDKServer is a server of the JDK, with one of the zoo's certificates.
func zooJDKServer(j *jdk, cert, protocols, auth string) zooServer {
	return zooServer{"Java", func(t *testing.T) (string, func() string) {
		c := anyCert(cert)
		got := j.ask(t, "serve", protocols, "-", c.chain, c.key, auth)
		port, ok := strings.CutPrefix(got, "port ")
		if !ok {
			t.Fatal(got)
		}
		return "127.0.0.1:" + port, func() string { return "" }
	}}
}

// zooNSS is tstclnt, which trusts the root alone.
func zooNSS(version string, more ...string) zooClient {
	return zooClient{"NSS", func(t *testing.T, address string) string {
		need(t, "tstclnt")
		to, port, _ := net.SplitHostPort(address)
		args := []string{"-d", needNSS(t), "-h", to, "-p", port, "-a", host, "-V", version + ":" + version, "-Q"}
		return runClient(t, nil, "", need(t, "tstclnt"), append(args, more...)...)
	}}
}

// zooSelfserv is NSS's server.
func zooSelfserv(version string, more ...string) zooServer {
	return zooServer{"NSS", func(t *testing.T) (string, func() string) {
		p, address := startServer(t, setup{}, `About to call accept`, func(port string) []string {
			return append([]string{"selfserv", "-d", needNSS(t), "-p", port, "-v", "-V", version + ":" + version, "-n", identities()["RSA-2048"].nickname}, more...)
		})
		return address, p.said
	}}
}

// zooGoWith is a server of Go with a certificate of either collection.
func zooGoWith(cert string) zooServer {
	return zooServer{"Go", func(t *testing.T) (string, func() string) {
		return zooGoServer("", func(c *stdtls.Config) { c.Certificates = []stdtls.Certificate{anyCert(cert).std} }).start(t)
	}}
}

// platformSpecimens are those of the JDK and of NSS.
func platformSpecimens(j *jdk) (all []specimen) {
	for _, c := range []struct{ cert, cause string }{
		{"unknown", "issuer-not-trusted"}, {"alone", "missing-intermediate"}, {"other", "name-mismatch"}, {"expired", "certificate-expired"},
		{"future", "certificate-not-yet-valid"}, {"self", "self-signed"}, {"clients", "wrong-purpose"},
	} {
		for _, v := range []struct{ jdk, nss string }{{"TLSv1.2", "tls1.2"}, {"TLSv1.3", "tls1.3"}} {
			or := []string(nil)
			if v.nss == "tls1.3" {
				or = []string{"certificate-refused", "chain-not-trusted"}
			}
			what := c.cert + map[string]string{"tls1.2": ", TLS 1.2", "tls1.3": ", TLS 1.3"}[v.nss]
			all = append(all, specimen{c.cause, or, what, zooOpenSSLServer(c.cert), zooJDK(j, v.jdk, "-")},
				specimen{c.cause, or, what, zooGoServer(c.cert, nil), zooNSS(v.nss)})
			all[len(all)-1].or = append(slices.Clone(or), "certificate-refused") // it looks at the certificate after the handshake
		}
	}
	return append(all,
		specimen{"no-common-version", nil, "old client", zooOpenSSLServer("good", "-tls1_3"), zooJDK(j, "TLSv1.2", "-")},
		specimen{"no-common-version", nil, "old server", zooJDKServer(j, "good", "TLSv1.2", "-"), zooOpenSSL("-tls1_3")},
		specimen{"no-common-version", nil, "old client", zooSelfserv("tls1.3"), zooOpenSSL(only12)},
		specimen{"no-common-version", nil, "old client", zooOpenSSLServer("good", "-tls1_3"), zooNSS("tls1.2")},
		specimen{"no-common-suite", nil, "", zooOpenSSLServer("rsa", "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"), zooJDK(j, "TLSv1.2", "TLS_RSA_WITH_AES_128_CBC_SHA")},
		specimen{"no-common-suite", nil, "", zooJDKServer(j, "rsa", "TLSv1.2", "-"), zooOpenSSL(only12, "-cipher", "CAMELLIA128-SHA")},
		specimen{"no-suite-for-certificate", []string{"no-common-suite"}, "RSA certificate", zooSelfserv("tls1.2"), zooOpenSSL(only12, "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")},
		specimen{"client-certificate-missing", nil, "TLS 1.2", zooJDKServer(j, "good", "TLSv1.2", "require"), zooOpenSSL(only12)},
		specimen{"client-certificate-missing", nil, "TLS 1.3", zooJDKServer(j, "good", "TLSv1.3", "require"), zooCurl()},
		specimen{"client-certificate-missing", nil, "TLS 1.3", zooOpenSSLServer("good", "-Verify", "1", "-verify_return_error", "-CAfile", root().file), zooJDK(j, "TLSv1.3", "-")},
		specimen{"server-speaks-no-tls", nil, "HTTP", zooRawServer("plain HTTP", answers("HTTP/1.1 400 Bad Request\r\n\r\n")), zooJDK(j, "TLSv1.3", "-")},
		specimen{"server-speaks-no-tls", nil, "HTTP", zooRawServer("plain HTTP", answers("HTTP/1.1 400 Bad Request\r\n\r\n")), zooNSS("tls1.3")},
		specimen{"http-to-tls-port", nil, "", zooJDKServer(j, "good", "TLSv1.3", "-"), zooRawClient("plain HTTP", "GET / HTTP/1.0\r\n\r\n")},
		specimen{"closed-after-hello", nil, "", zooRawServer("closes", closes), zooJDK(j, "TLSv1.3", "-")},
		specimen{"reset-after-hello", nil, "", zooRawServer("resets", resets), zooJDK(j, "TLSv1.3", "-")},
		specimen{"unrecognized-name", nil, "", zooNginx("good", "ssl_reject_handshake on;"), zooNSS("tls1.2")},
		specimen{"proof-wrong", []string{"client-refused"}, "another key", zooGoWith("badkey"), zooJDK(j, "TLSv1.2", "-")},
		specimen{"chain-order", nil, "", zooGoWith("swapped"), zooNSS("tls1.2")},
		specimen{"critical-extension", nil, "", zooGoWith("critical"), zooJDK(j, "TLSv1.2", "-")},
		specimen{"constraints-violated", nil, "path length", zooGoWith("deep"), zooNSS("tls1.2")},
	)
}
