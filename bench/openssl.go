//go:build openssl

package bench

/*
#cgo LDFLAGS: -lssl -lcrypto
#include <openssl/ssl.h>
#include <openssl/err.h>
#include <time.h>

static long long clock_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000LL + t.tv_nsec;
}

static SSL_CTX *new_ctx(int server, int version, const char *groups, const char *cert, const char *key, const char *ca) {
	SSL_CTX *c = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (c == NULL) return NULL;
	SSL_CTX_set_min_proto_version(c, version);
	SSL_CTX_set_max_proto_version(c, version);
	if (SSL_CTX_set1_groups_list(c, groups) != 1) return NULL;
	SSL_CTX_set_num_tickets(c, 1);
	if (server) {
		SSL_CTX_set_session_id_context(c, (const unsigned char *)"bench", 5);
		SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
		if (SSL_CTX_use_certificate_chain_file(c, cert) != 1 || SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1) return NULL;
	} else {
		SSL_CTX_load_verify_locations(c, ca, NULL);
		SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
		X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c), X509_V_FLAG_NO_CHECK_TIME);
		SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	}
	return c;
}

// new_ssl makes a connection over memory, and gives the time it took.
static SSL *new_ssl(SSL_CTX *c, int server, long long *spent) {
	long long t = clock_ns();
	SSL *s = SSL_new(c);
	SSL_set_bio(s, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (server) SSL_set_accept_state(s);
	else {
		SSL_set_connect_state(s);
		SSL_set_tlsext_host_name(s, "a.example");
		SSL_set1_host(s, "a.example");
	}
	*spent += clock_ns() - t;
	return s;
}

// step gives the connection input and takes its output: 1 complete, 0 wants
// more, -1 failed. Only SSL_do_handshake is timed.
static int step(SSL *s, const unsigned char *in, int n, unsigned char *out, int room, int *produced, long long *spent) {
	if (n > 0) BIO_write(SSL_get_rbio(s), in, n);
	long long t = clock_ns();
	int r = SSL_do_handshake(s);
	*spent += clock_ns() - t;
	int e = r == 1 ? 0 : SSL_get_error(s, r);
	int got = BIO_read(SSL_get_wbio(s), out, room);
	*produced = got > 0 ? got : 0;
	if (r == 1) return 1;
	return e == SSL_ERROR_WANT_READ ? 0 : -1;
}

// bulk writes and takes away records of 16 KB, and gives the time.
static long long bulk_write(SSL *s, int count, unsigned char *buf, int room) {
	static unsigned char data[16384];
	long long spent = 0;
	for (int i = 0; i < count; i++) {
		long long t = clock_ns();
		if (SSL_write(s, data, sizeof data) != sizeof data) return -1;
		spent += clock_ns() - t;
		while (BIO_read(SSL_get_wbio(s), buf, room) > 0) {}
	}
	return spent;
}

static long long bulk_read(SSL *s, const unsigned char *records, int each, int count) {
	static unsigned char data[16384];
	long long spent = 0;
	for (int i = 0; i < count; i++) {
		BIO_write(SSL_get_rbio(s), records + (long)i * each, each);
		long long t = clock_ns();
		if (SSL_read(s, data, sizeof data) != sizeof data) return -1;
		spent += clock_ns() - t;
	}
	return spent;
}
*/
import "C"

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"crypto/x509"

	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

func init() {
	others = append(others, func() (stack, error) { return newOpenSSL() })
	bulkOpenSSL = func(count int, send bool) (time.Duration, error) {
		o, err := newOpenSSL()
		if err != nil {
			return 0, err
		}
		return o.bulkRun(count, send)
	}
}

// openssl is OpenSSL through its C interface, with memory for a network.
type openssl struct{ cert, key, ca string }

func newOpenSSL() (*openssl, error) {
	dir, err := os.MkdirTemp("", "handsel-bench")
	if err != nil {
		return nil, err
	}
	o := &openssl{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "ca.pem")}
	var certs []byte
	for _, der := range chain().Chain {
		certs = append(certs, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(chain().Key)
	if err != nil {
		return nil, err
	}
	return o, errors.Join(
		os.WriteFile(o.cert, certs, 0o600),
		os.WriteFile(o.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600),
		os.WriteFile(o.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tlstest.Root().DER}), 0o600),
	)
}

func (o *openssl) name() string { return "OpenSSL" }

var opensslGroups = map[tls.CurveID]string{tls.X25519: "X25519", tls.CurveP256: "P-256"}

func (o *openssl) context(s scenario) (*C.SSL_CTX, error) {
	var groups []string
	for _, g := range s.groups() {
		name, ok := opensslGroups[g]
		if !ok {
			return nil, fmt.Errorf("OpenSSL 3.0 has no %v", g)
		}
		groups = append(groups, name)
	}
	server := C.int(0)
	if s.server {
		server = 1
	}
	ctx := C.new_ctx(server, C.int(s.version), C.CString(strings.Join(groups, ":")), C.CString(o.cert), C.CString(o.key), C.CString(o.ca))
	if ctx == nil {
		return nil, errors.New("OpenSSL does not take the settings")
	}
	return ctx, nil
}

func (o *openssl) prepare(s scenario) (func(*meter) error, error) {
	if !s.server && s.resumed {
		return nil, errors.New("not measured: its sessions come in a callback")
	}
	ctx, err := o.context(s)
	if err != nil {
		return nil, err
	}
	config := peerConfig(s)
	run := func(m *meter) error {
		p, err := newPeer(s, config)
		if err != nil {
			return err
		}
		ssl, err := o.handshake(ctx, s, m, p)
		if err != nil {
			return err
		}
		defer C.SSL_free(ssl)
		if sessions := p.conn.TakeSessions(); s.server && s.resumed && len(sessions) > 0 {
			config.Session = sessions[0]
		}
		if resumed := C.SSL_session_reused(ssl) == 1; resumed != s.resumed || uint16(C.SSL_version(ssl)) != s.version {
			return fmt.Errorf("%s: the handshake was of another kind: resumed %t", s.name, resumed)
		}
		return nil
	}
	if s.resumed {
		run(&meter{})
	}
	return run, nil
}

func (o *openssl) handshake(ctx *C.SSL_CTX, s scenario, m *meter, p *peer) (*C.SSL, error) {
	var spent C.longlong
	server := C.int(0)
	if s.server {
		server = 1
	}
	ssl := C.new_ssl(ctx, server, &spent)
	defer func() { m.spent += time.Duration(spent) }()
	in := p.take(nil)
	var out [16 << 10]byte
	for range 20 {
		var first *C.uchar
		if len(in) > 0 {
			first = (*C.uchar)(unsafe.Pointer(&in[0]))
		}
		var produced C.int
		r := C.step(ssl, first, C.int(len(in)), (*C.uchar)(unsafe.Pointer(&out[0])), C.int(len(out)), &produced, &spent)
		if r < 0 {
			var text [256]C.char
			C.ERR_error_string_n(C.ERR_get_error(), &text[0], C.size_t(len(text)))
			return nil, errors.Join(errors.New("OpenSSL failed: "+C.GoString(&text[0])), p.conn.Err())
		}
		in = p.take(out[:produced])
		if r == 1 && p.conn.Complete() {
			return ssl, nil
		}
	}
	return nil, errors.New("the handshake does not end")
}

// bulkRun measures records of 16 KB.
func (o *openssl) bulkRun(count int, send bool) (time.Duration, error) {
	s := scenario{version: tls.VersionTLS13, group: tls.X25519, server: true}
	ctx, err := o.context(s)
	if err != nil {
		return 0, err
	}
	p, err := newPeer(s, peerConfig(s))
	if err != nil {
		return 0, err
	}
	ssl, err := o.handshake(ctx, s, &meter{}, p)
	if err != nil {
		return 0, err
	}
	defer C.SSL_free(ssl)
	buf := make([]byte, 32<<10)
	var spent C.longlong
	if send {
		spent = C.bulk_write(ssl, C.int(count), (*C.uchar)(unsafe.Pointer(&buf[0])), C.int(len(buf)))
	} else {
		records, each, err := recordsOf(p, count)
		if err != nil {
			return 0, err
		}
		spent = C.bulk_read(ssl, (*C.uchar)(unsafe.Pointer(&records[0])), C.int(each), C.int(count))
	}
	if spent < 0 {
		return 0, errors.New("OpenSSL failed")
	}
	return time.Duration(spent), nil
}
