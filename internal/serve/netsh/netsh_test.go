package netsh

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// shown is what netsh prints, with options of which each does something.
const shown = `
SSL Certificate bindings:
-------------------------

    IP:port                      : 0.0.0.0:443
    Certificate Hash             : 8E46C26E000102030405060708090A0B0C0D0E0F
    Application ID               : {4dc3e181-e14b-4a21-b022-59fc669b0914}
    Certificate Store Name       : My
    Verify Client Certificate Revocation : Enabled
    Verify Revocation Using Cached Client Certificate Only : Disabled
    Usage Check                  : Enabled
    Revocation Freshness Time    : 0
    URL Retrieval Timeout        : 0
    Ctl Identifier               : (null)
    Ctl Store Name               : (null)
    DS Mapper Usage              : Disabled
    Negotiate Client Certificate : Disabled
    Reject Connections           : Disabled
    Disable HTTP2                : Set
    Disable QUIC                 : Not Set
    Disable TLS1.2               : Not Set
    Disable TLS1.3               : Set
    Disable OCSP Stapling        : Set
    Enable Token Binding         : Not Set
    Log Extended Events          : Not Set
    Disable Legacy TLS Versions  : Not Set
    Enable Session Ticket        : Not Set
    Disable Session ID           : Not Set
 Extended Properties:
    PropertyId                   : 0
    Receive Window               : 1048576
 Extended Properties:
    PropertyId                   : 1
    Max Settings Per Frame       : 2796202
    Max Settings Per Minute      : 4294967295

    Hostname:port                : WWW.example.com:443
    Certificate Hash             : 8e46c26e000102030405060708090a0b0c0d0e10
    Ctl Identifier               : partners
    DS Mapper Usage              : Enabled
    Negotiate Client Certificate : Enabled
    Verify Client Certificate Revocation : Enabled
    Verify Revocation Using Cached Client Certificate Only : Enabled
    Usage Check                  : Disabled
    Revocation Freshness Time    : 3600
    URL Retrieval Timeout        : 20000
    Disable Session ID           : Set

    IP:port                      : [fe80::1]:8443
    Certificate Hash             : 8e46c26e000102030405060708090a0b0c0d0e11
    Reject Connections           : Enabled
    Disable TLS1.2               : Set

    Central Certificate Store    : 443
    Certificate Hash             : (null)
    Application ID               : {4dc3e181-e14b-4a21-b022-59fc669b0914}
`

func TestParse(t *testing.T) {
	want := []string{
		`{"on":"0.0.0.0:443","certificates":["8e46c26e000102030405060708090a0b0c0d0e0f"],"max_version":"1.2","http2":false,"stapling":false}`,
		`{"on":"www.example.com:443","certificates":["8e46c26e000102030405060708090a0b0c0d0e10"],"client_revocation":"strict","client_revocation_cached":true,"client_revocation_freshness":3600,"client_revocation_timeout":8000,"client_usage_check":false,"tickets":false} asks | the list of trusted issuers "partners" has to be given as a PEM file (--client-ca) | what is fetched may take 20000 milliseconds there, and 8000 here, for which clients wait | client certificates are not mapped to accounts of a directory`,
		`{"on":"[fe80::1]:8443","min_version":"1.3","reject":true}`,
		`{"on":"ccs=443"}`,
	}
	var wide []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + strings.ReplaceAll(shown, "\n", "\r\n"))) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, text := range map[string][]byte{"plain": []byte(shown), "CRLF": []byte(strings.ReplaceAll(shown, "\n", "\r\n")), "UTF-16": wide} {
		list, err := Parse(text)
		if err != nil || len(list) != len(want) {
			t.Fatal(name, list, err)
		}
		for i, r := range list {
			b, err := json.Marshal(r.Binding)
			if err != nil {
				t.Fatal(err)
			}
			got := string(b)
			if r.ClientAuth {
				got += " asks"
			}
			for _, n := range r.Notes {
				got += " | " + n
			}
			if got != want[i] || r.Foreign {
				t.Errorf("%s: %s\nwant %s", name, got, want[i])
			}
		}
	}
	if list, _ := Parse([]byte(shown)); !strings.Contains(strings.Split(shown, "\n")[list[1].Line-1], "Hostname:port") {
		t.Error(list[1].Line)
	}
}

// What was edited by hand or printed by older builds is read, and what cannot be read
// is said, and not taken for a part of something else.
func TestParseOdd(t *testing.T) {
	list, err := Parse([]byte("\ufeffSSL Certificate bindings:\r\n\r\n" +
		"    IP:port                 : *:443\r\n    Certificate Hash        : \u200e8E46C26E000102030405060708090A0B0C0D0E0F\r\n" +
		"    Hostname:port : *.example.com:443\n    Certificate Hash : 8e 46 c2 6e 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 10\n" +
		"    IP:port : 192.0.2.1\n    Certificate Hash : 8e46c26e000102030405060708090a0b0c0d0e11\n    Reject Connections : Enabled\n\n" +
		"    Scoped Central Certificate Store : www.example.org:443\n    Certificate Hash : (null)\n\n" +
		"    IP:port : [::]:443\n    Certificate Hash : (null)\n    Ctl Identifier : (null)\n"))
	if err != nil || len(list) != 5 {
		t.Fatal(list, err)
	}
	for i, want := range []string{"0.0.0.0:443 [8e46c26e000102030405060708090a0b0c0d0e0f]", "*.example.com:443 [8e46c26e000102030405060708090a0b0c0d0e10]", "192.0.2.1 []", "www.example.org:443 []", "[::]:443 []"} {
		if got := fmt.Sprint(list[i].Binding.On, " ", list[i].Binding.Certificates); got != want {
			t.Errorf("%s, and not %s", got, want)
		}
	}
	if !strings.Contains(list[2].Wrong, "port is missing") || list[2].Binding.Reject || list[1].Binding.Reject {
		t.Error(list[2])
	}
	if !list[3].Scoped || list[4].Scoped || list[0].Line != 3 {
		t.Error(list)
	}
}

// Other languages have other labels: key and certificate are told by their form.
func TestParseForeign(t *testing.T) {
	list, err := Parse([]byte("SSL-Zertifikatbindungen:\n------------------------\n\n" +
		"    IP:Port                      : 192.0.2.1:443\n    Zertifikathash               : 8e46c26e000102030405060708090a0b0c0d0e0f\n" +
		"    Anwendungs-ID                : {4dc3e181-e14b-4a21-b022-59fc669b0914}\n    Verbindungen ablehnen        : Aktiviert\n" +
		"    URL-Abruftimeout             : 0\n\n" +
		"    Zentraler Zertifikatspeicher : 443\n    Zertifikathash               : (null)\n"))
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if r := list[0]; r.Binding.On != "192.0.2.1:443" || len(r.Binding.Certificates) != 1 || list[1].Binding.On != "ccs=443" {
		t.Error(list)
	}
	if !list[0].Foreign || !list[1].Foreign {
		t.Error("it is taken for English")
	}
}

func TestParseOther(t *testing.T) {
	for _, text := range []string{"", "The system cannot find the file specified.\n", "a : b\nc : d\n"} {
		if list, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, list)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(shown))
	f.Add([]byte("\xff\xfeI\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Parse(data)
		if err == nil && len(list) == 0 {
			t.Error("nothing, and no error")
		}
	})
}
