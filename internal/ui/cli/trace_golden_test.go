package cli

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// The two frames of 2013: a ClientHello and the server's answer in two segments,
// on port 80 after a CONNECT. What is not known of them is zero.

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// padded gives bytes with zeros up to a length.
func padded(b []byte, n int) []byte { return append(slices.Clone(b), make([]byte, n-len(b))...) }

// goldenHello is the record with the ClientHello: 133 bytes.
func goldenHello(t *testing.T) []byte {
	stamp := binary.BigEndian.AppendUint32(nil, uint32(time.Date(2013, 8, 3, 1, 15, 4, 0, time.UTC).Unix()))
	random := append(stamp, padded(unhex(t, "89 49 66 60 9a 64 a0 b0 ba 0b 4c d5 ad cc 43 1a ad 77 f0 ff 61 08 59 0e"), 28)...)
	extensions := unhex(t, "ff01 0001 00"+ // renegotiation_info
		"0000 0015 0013 00 0010"+hex.EncodeToString([]byte("www.kaushalz.com"))+
		"0005 0005 01 0000 0000"+ // status_request
		"000a 0006 0004 0017 0018"+ // supported_groups
		"000b 0002 01 00"+ // ec_point_formats
		"0023 0000") // session_ticket
	body := append(unhex(t, "0301"), random...)
	body = append(body, unhex(t, "00 0018 002f 0035 0005 000a c013 c014 c009 c00a 0032 0038 0013 0004 01 00 003b")...)
	body = append(body, extensions...)
	return append(unhex(t, "16 0301 0080 01 00007c"), body...)
}

// goldenAnswer is the record with the server's three messages: 1663 bytes.
func goldenAnswer(t *testing.T) []byte {
	session := padded(unhex(t, "8d 0a 00 00 ef ff e1 ad 6a 82 ed c6 d6 a8 96 7b d7 59 cd 0f 3b df 70 e9"), 32)
	hello := append(unhex(t, "02 000051 0301"), make([]byte, 32)...)
	hello = append(append(append(hello, 32), session...), unhex(t, "0005 00 0009 ff01 0001 00 0000 0000")...)
	certificate := append(unhex(t, "0b 00061d 00061a 000617"), goldenCertificate(t)...)
	all := append(append(hello, certificate...), unhex(t, "0e 000000")...)
	return append(unhex(t, "16 0301 067a"), all...)
}

// goldenCertificate is one of 1559 bytes, signed with SHA-1 and RSA.
func goldenCertificate(t *testing.T) []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	filler := 400
	for range 5 {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1 << 40), SignatureAlgorithm: x509.SHA1WithRSA,
			Subject: pkix.Name{CommonName: "www.kaushalz.com", OrganizationalUnit: []string{"Azure"}, Organization: []string{"Microsoft"},
				Locality: []string{"Bangalore"}, Province: []string{"India"}, Country: []string{"IN"}},
			NotBefore: time.Date(2013, 7, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2014, 7, 1, 0, 0, 0, 0, time.UTC),
			ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 13}, Value: make([]byte, filler)}}, // a comment
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		if len(der) == 1559 {
			return der
		}
		filler += 1559 - len(der)
	}
	t.Fatal("no certificate of 1559 bytes")
	return nil
}

// goldenCapture writes the connection, with others before and between, so that the
// frames have their numbers.
func goldenCapture(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "golden.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewWriter(f, nil)
	number := 0
	write := func(p *pcap.Packet) {
		number++
		p.Number = number
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	other := synth.New("10.171.71.21:50000", "10.168.3.213:25", write)
	other.Delayed = true
	other.Open()
	until := func(frame int) {
		for number < frame-1 {
			other.Segment(trace.Server, 0x18, []byte{'.'})
		}
	}
	c := synth.New("10.171.71.21:51000", "10.168.3.213:80", write)
	c.Time = time.Date(2013, 8, 3, 1, 15, 4, 0, time.UTC).UnixNano()
	c.Seq = [2]uint32{0, 0}
	c.Delayed = true
	c.Open()
	connect := "CONNECT www.kaushalz.com:443 HTTP/1.1\r\nHost: www.kaushalz.com\r\n"
	connect += "X-Filler: " + strings.Repeat("x", 225-len(connect)-len("X-Filler: ")-4) + "\r\n\r\n"
	established := "HTTP/1.1 200 Connection Established\r\n"
	established += "X-Filler: " + strings.Repeat("x", 115-len(established)-len("X-Filler: ")-4) + "\r\n\r\n"
	c.Send(trace.Client, []byte(connect))
	c.Send(trace.Server, []byte(established))
	until(310)
	c.Send(trace.Client, goldenHello(t))
	until(319)
	c.Send(trace.Server, goldenAnswer(t))
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestTwoFrames shows the two frames field by field: testdata/two-frames.golden was
// checked value by value against what is known of them. UPDATE=1 writes it anew.
func TestTwoFrames(t *testing.T) {
	if n := len(goldenHello(t)); n != 133 {
		t.Fatalf("the ClientHello's record has %d bytes", n)
	}
	if n := len(goldenAnswer(t)); n != 1663 {
		t.Fatalf("the answer's record has %d bytes", n)
	}
	name := goldenCapture(t)
	_, got, _ := runTrace("-vv", "--sni", "www.kaushalz.com", name)
	got = regexp.MustCompile(`( Signature: )[0-9a-f]+`).ReplaceAllString(got, "${1}(made for the test)")
	const golden = "testdata/two-frames.golden"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not as in %s:\n%s", golden, got)
	}
}

// TestTwoFramesJSON has the same values by their paths, and bytes that lie where the
// fields say.
func TestTwoFramesJSON(t *testing.T) {
	name := goldenCapture(t)
	_, out, _ := runTrace("-vv", "--json", "--sni", "www.kaushalz.com", name)
	var v traceView
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	got := map[string]*traceField{}
	for _, m := range v.Messages {
		if m.Fields != nil {
			gather(got, m.Fields.Name, m.Fields)
		}
	}
	for path, want := range map[string]string{
		"ClientHello.random.gmt_unix_time":                               "2013-08-03 01:15:04 UTC", // 06:45:04 in India
		"ClientHello.cipher_suites.cipher_suite[2]":                      "TLS_RSA_WITH_RC4_128_SHA (0x0005)",
		"ClientHello.extensions.server_name.server_name_list.host_name":  "www.kaushalz.com",
		"ServerHello.cipher_suite":                                       "TLS_RSA_WITH_RC4_128_SHA (0x0005)",
		"Certificate.certificate_list.certificate[0].signatureAlgorithm": "SHA1-RSA",
		"ServerHello.legacy_session_id_echo":                             "8d0a0000efffe1ad6a82edc6d6a8967bd759cd0f3bdf70e90000000000000000",
		"ServerHelloDone.length":                                         "0",
	} {
		if f := got[path]; f == nil || f.Value != want {
			t.Errorf("%s is %+v, want %s", path, f, want)
		}
	}
	sni := got["ClientHello.extensions.server_name.server_name_list.host_name"]
	if sni == nil || string(goldenHello(t)[5+sni.Start:5+sni.End]) != "www.kaushalz.com" {
		t.Errorf("the name lies elsewhere than in %+v", sni)
	}
	_, text, _ := runTrace("--sni", "www.kaushalz.com", "--hex", "ClientHello.extensions.server_name.server_name_list.host_name", name)
	if !strings.Contains(text, "77 77 77 2e 6b 61 75 73") || !strings.Contains(text, "|www.kaushalz.com|") {
		t.Error(text)
	}
	if _, _, errs := runTrace("--hex", "ClientHello.nothing", name); !strings.Contains(errs, "no message has a field ClientHello.nothing") {
		t.Error(errs)
	}
}

func gather(to map[string]*traceField, path string, f *traceField) {
	to[path] = f
	for i := range f.Fields {
		gather(to, path+"."+f.Fields[i].Name, &f.Fields[i])
	}
}

// TestTraceData: with keys and --data the application data is shown.
func TestTraceData(t *testing.T) {
	const name = "../../../../shared/captures/gen__ok-tls13-mlkem768.pcap"
	if _, err := os.Stat(name + ".keys"); err != nil {
		t.Skip("there are no captures here:", err)
	}
	_, without, _ := runTrace("--keylog", name+".keys", name)
	_, with, _ := runTrace("--keylog", name+".keys", "--data", name)
	if !strings.Contains(with, "GET / HTTP/1.1") || strings.Contains(without, "GET / HTTP/1.1") {
		t.Errorf("%s\n%s", with, without)
	}
	_, asJSON, _ := runTrace("--keylog", name+".keys", "--data", "--json", name)
	if !strings.Contains(asJSON, `"data":[{"from":"client"`) {
		t.Error(asJSON)
	}
}
