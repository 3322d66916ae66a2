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
static SSL *new_ssl(SSL_CTX *c, int server, SSL_SESSION *session, const char *host, long long *spent) {
	long long t = clock_ns();
	SSL *s = SSL_new(c);
	SSL_set_bio(s, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (server) SSL_set_accept_state(s);
	else {
		SSL_set_connect_state(s);
		SSL_set_tlsext_host_name(s, host);
		SSL_set1_host(s, host);
		if (session != NULL) SSL_set_session(s, session);
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

// session gives what a client can resume, once it has read the tickets.
static SSL_SESSION *session(SSL *s, const unsigned char *in, int n) {
	char none;
	if (n > 0) BIO_write(SSL_get_rbio(s), in, n);
	SSL_read(s, &none, 1);
	ERR_clear_error();
	SSL_set_shutdown(s, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); // else it takes the session for broken
	return SSL_get1_session(s);
}

static int suite(SSL *s) { return SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(s)); }

static int group(SSL *s) { return SSL_get_negotiated_group(s); } // a macro

// bulk_write writes records of 16 KB to nowhere, and gives the time.
static long long bulk_write(SSL *s, int count, int each) {
	static unsigned char data[16384];
	long long spent = 0;
	BIO *nowhere = BIO_new(BIO_s_null());
	SSL_set0_wbio(s, nowhere);
	for (int i = 0; i < count; i++) {
		long long t = clock_ns();
		if (SSL_write(s, data, sizeof data) != sizeof data) return -1;
		spent += clock_ns() - t;
	}
	return BIO_number_written(nowhere) == (uint64_t)count * each ? spent : -1;
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
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

func init() {
	others = append(others, func() (stack, error) { return newOpenSSL() })
	versions = append(versions, func() string { return C.GoString(C.OpenSSL_version(C.OPENSSL_VERSION)) })
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

func (o *openssl) close() error { return os.RemoveAll(filepath.Dir(o.cert)) }

// opensslGroups are the groups that OpenSSL 3.0 has, with the numbers that it
// gives them when it tells what was agreed on.
var opensslGroups = map[tls.CurveID]struct {
	name string
	nid  C.int
}{
	tls.X25519:    {"X25519", C.NID_X25519},
	tls.CurveP256: {"P-256", C.NID_X9_62_prime256v1},
}

// cBool is a truth value of C.
func cBool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

func (o *openssl) context(s scenario) (*C.SSL_CTX, error) {
	var groups []string
	for _, g := range s.groups() {
		known, ok := opensslGroups[g]
		if !ok {
			return nil, fmt.Errorf("OpenSSL 3.0 has no %v", g)
		}
		groups = append(groups, known.name)
	}
	ctx := C.new_ctx(cBool(s.server), C.int(s.version), C.CString(strings.Join(groups, ":")), C.CString(o.cert), C.CString(o.key), C.CString(o.ca))
	if ctx == nil {
		return nil, opensslError("OpenSSL does not take the settings")
	}
	return ctx, nil
}

// opensslError gives the first error in OpenSSL's queue, and empties that.
func opensslError(what string) error {
	var text [256]C.char
	C.ERR_error_string_n(C.ERR_get_error(), &text[0], C.size_t(len(text)))
	C.ERR_clear_error()
	return errors.New(what + ": " + C.GoString(&text[0]))
}

func (o *openssl) prepare(s scenario) (func(*meter) error, error) {
	ctx, err := o.context(s)
	if err != nil {
		return nil, err
	}
	var session *C.SSL_SESSION
	return s.runner(settings(s), func(m *meter, p *peer) (kind, error) {
		ssl, rest, err := o.handshake(ctx, s, session, m, p)
		if err != nil {
			return kind{}, err
		}
		defer C.SSL_free(ssl)
		if !s.server && s.resumed {
			C.SSL_SESSION_free(session)
			session = C.session(ssl, bytesOf(rest), C.int(len(rest)))
		}
		return kindOf(ssl), nil
	})
}

func kindOf(ssl *C.SSL) kind {
	k := kind{version: uint16(C.SSL_version(ssl)), suite: uint16(C.suite(ssl)), resumed: C.SSL_session_reused(ssl) == 1}
	nid := C.group(ssl)
	for id, g := range opensslGroups {
		if g.nid == nid {
			k.group = id
		}
	}
	return k
}

func bytesOf(b []byte) *C.uchar { return (*C.uchar)(unsafe.Pointer(unsafe.SliceData(b))) }

var cHost = C.CString(host)

// handshake gives the connection, and what the peer has sent that it has not
// read.
func (o *openssl) handshake(ctx *C.SSL_CTX, s scenario, session *C.SSL_SESSION, m *meter, p *peer) (*C.SSL, []byte, error) {
	var spent C.longlong
	ssl := C.new_ssl(ctx, cBool(s.server), session, cHost, &spent)
	defer func() { m.spent += time.Duration(spent) }()
	in := p.take(nil)
	var out [16 << 10]byte
	for range 20 {
		var produced C.int
		r := C.step(ssl, bytesOf(in), C.int(len(in)), bytesOf(out[:]), C.int(len(out)), &produced, &spent)
		if r < 0 {
			return nil, nil, errors.Join(opensslError("OpenSSL failed"), p.conn.Err())
		}
		in = p.take(out[:produced])
		if r == 1 && p.conn.Complete() {
			return ssl, in, nil
		}
	}
	return nil, nil, errors.Join(errors.New("the handshake does not end"), p.conn.Err())
}

func (o *openssl) bulk(count int, send bool) (time.Duration, error) {
	s := bulkScenario
	ctx, err := o.context(s)
	if err != nil {
		return 0, err
	}
	defer C.SSL_CTX_free(ctx)
	p, err := newPeer(s, settings(s))
	if err != nil {
		return 0, err
	}
	ssl, _, err := o.handshake(ctx, s, nil, &meter{}, p)
	if err != nil {
		return 0, err
	}
	defer C.SSL_free(ssl)
	if err := s.check(kindOf(ssl)); err != nil {
		return 0, err
	}
	records, each, err := recordsOf(p, count)
	if err != nil {
		return 0, err
	}
	var spent C.longlong
	if send {
		spent = C.bulk_write(ssl, C.int(count), C.int(each))
	} else {
		spent = C.bulk_read(ssl, bytesOf(records), C.int(each), C.int(count))
	}
	if spent < 0 {
		return 0, opensslError("OpenSSL failed")
	}
	return time.Duration(spent), nil
}
