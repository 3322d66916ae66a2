package flow_test

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/observe/fingerprint"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// fieldsOf has the paths of fields, or their ends, for what tshark has as one.
var fieldsOf = map[string][]string{
	"tls.handshake.type":                                          {"msg_type"},
	"tls.handshake.version":                                       {"legacy_version", "CLIENT-HELLO.version", "SERVER-HELLO.server_version"},
	"tls.handshake.random":                                        {"random"},
	"tls.handshake.session_id":                                    {"legacy_session_id", "legacy_session_id_echo"},
	"tls.handshake.ciphersuite":                                   {"cipher_suites.cipher_suite", "cipher_suite"},
	"tls.handshake.comp_method":                                   {"compression_method", "legacy_compression_method"},
	"tls.handshake.extension.type":                                {"extension_type"},
	"tls.handshake.extension.len":                                 {"extensions.*.length"},
	"tls.handshake.extensions_server_name":                        {"server_name_list.host_name"},
	"tls.handshake.extensions_server_name_type":                   {"server_name_list.name_type"},
	"tls.handshake.extensions_supported_group":                    {"named_group_list.group"},
	"tls.handshake.extensions_ec_point_format":                    {"ec_point_format_list.format"},
	"tls.handshake.extensions_alpn_str":                           {"protocol_name"},
	"tls.handshake.extensions.supported_version":                  {"versions.version", "selected_version"},
	"tls.handshake.extensions_key_share_group":                    {"KeyShareEntry.group"},
	"tls.handshake.extensions_key_share_key_exchange":             {"KeyShareEntry.key_exchange"},
	"tls.handshake.extensions_key_share_selected_group":           {"selected_group"},
	"tls.handshake.extensions_padding_data":                       {"padding.padding"},
	"tls.handshake.extensions_status_request_type":                {"status_request.status_type", "CertificateStatus.status_type"},
	"tls.handshake.extensions_reneg_info_len":                     {"renegotiated_connection_length"},
	"tls.handshake.extensions.psk.identity.identity":              {"identities.identity"},
	"tls.handshake.extensions.psk.identity.obfuscated_ticket_age": {"obfuscated_ticket_age"},
	"tls.handshake.extensions.psk.identity.selected":              {"selected_identity"},
	"tls.extension.psk_ke_mode":                                   {"ke_modes.ke_mode"},
	"tls.compress_certificate.algorithm":                          {"compress_certificate.algorithms.algorithm", "CompressedCertificate.algorithm"},
	"tls.record_size_limit":                                       {"record_size_limit.record_size_limit"},
	"tls.early_data.max_early_data_size":                          {"max_early_data_size"},
	"tls.handshake.sig_hash_alg":                                  {"supported_signature_algorithms.algorithm", "ServerKeyExchange.algorithm", "CertificateVerify.algorithm", "sct.algorithm"},
	"tls.handshake.modulus":                                       {"rsa_modulus"},
	"tls.handshake.exponent":                                      {"rsa_exponent"},
	"tls.sct.sct_version":                                         {"sct.sct_version"},
	"tls.sct.sct_logid":                                           {"sct.log_id"},
	"tls.sct.sct_timestamp":                                       {"sct.timestamp"},
	"tls.sct.sct_signature":                                       {"sct.signature"},
	"tls.handshake.sig":                                           {"ServerKeyExchange.signature"},
	"tls.handshake.client_cert_vrfy.sig":                          {"CertificateVerify.signature"},
	"tls.handshake.certificate":                                   {"certificate"},
	"tls.handshake.certificate_length":                            {"certificate_length"},
	"tls.handshake.cert_type":                                     {"certificate_types.certificate_type", "SERVER-HELLO.certificate_type"},
	"tls.handshake.server_curve_type":                             {"curve_type"},
	"tls.handshake.server_named_curve":                            {"namedcurve"},
	"tls.handshake.server_point":                                  {"point"},
	"tls.handshake.client_point":                                  {"ecdh_Yc"},
	"tls.handshake.p":                                             {"dh_p"},
	"tls.handshake.g":                                             {"dh_g"},
	"tls.handshake.ys":                                            {"dh_Ys"},
	"tls.handshake.yc":                                            {"dh_Yc"},
	"tls.handshake.identity":                                      {"psk_identity"},
	"tls.handshake.epms":                                          {"EncryptedPreMasterSecret"},
	"tls.handshake.session_ticket_lifetime_hint":                  {"ticket_lifetime_hint", "ticket_lifetime"},
	"tls.handshake.session_ticket_age_add":                        {"ticket_age_add"},
	"tls.handshake.session_ticket_nonce":                          {"ticket_nonce"},
	"tls.handshake.session_ticket":                                {"NewSessionTicket.ticket"},
	"tls.handshake.verify_data":                                   {"verify_data"},
	"tls.handshake.key_update.request_update":                     {"request_update"},
	"tls.handshake.cipherspec":                                    {"cipher_specs.cipher_spec", "CLIENT-MASTER-KEY.cipher_kind"},
	"tls.handshake.challenge":                                     {"challenge"},
	"tls.alert_message.level":                                     {"Alert.level"},
	"tls.alert_message.desc":                                      {"Alert.description"},
}

// Why tshark and this project differ in several captures.
const (
	compressed = "compressed records are not opened here"
	ccm        = "records with AES-CCM are not opened here"
	drafts     = "a ServerHello of a draft of TLS 1.3, in another form: it has no fingerprint here"
)

// differing are the captures in which tshark and this project differ, what is
// concerned, and why.
var differing = map[string]map[string]string{
	"gen__bad-certificate-truncated.pcap": {
		"tls.handshake.certificate":        "the list is cut off: here it is read as far as it goes",
		"tls.handshake.certificate_length": "the list is cut off: here it is read as far as it goes",
	},
	"gen__bad-record-too-long.pcap":                    {"records": "a record that is longer than any may be is no record here"},
	"gen__bad-trailing-bytes.pcap":                     {"JA3": "a ClientHello that cannot be read to its end has no fingerprint here"},
	"gen__ok-postgres-sslrequest.pcap":                 {"records": "tshark misses the server's flight after PostgreSQL's SSLRequest", "tls.handshake.client_point": "tshark has not seen the suite"},
	"gen__ok-tls12-ticket-rejected.pcap":               {"messages": "the key log has the first connection only, and the second resumes its session: here the master secret is remembered, and by tshark 4.0 not"},
	"ossl__ssl2-compat-hello-to-tls10.pcap":            {"messages": "tshark misses the ClientHello, and has no random to find the keys by"},
	"ossl__ssl3-dhe-3des.pcap":                         {"messages": compressed},
	"ossl__ssl3-rsa-rc4.pcap":                          {"messages": compressed},
	"ossl__tls12-null.pcap":                            {"messages": compressed},
	"pcapplusplus__pcapng-example.pcapng":              {"messages": "the keys come behind the packets, and tshark goes through the file once"},
	"ssldump__tls1.3_ccm.pcap":                         {"messages": ccm},
	"ssldump__tls1.3_ccm8.pcap":                        {"messages": ccm},
	"suricata-verify__base64-decode-5885__input.pcap":  {"messages": "a connection that is reset because of an older one, and opened again: here that is another one", "records": "likewise"},
	"suricata-verify__http-connect-tls__input.pcap":    {"records": "an empty record of a handshake is a note here"},
	"suricata-verify__tls13_draft18.pcap":              {"JA3": drafts},
	"suricata-verify__tls13_draft19.pcap":              {"JA3": drafts},
	"suricata-verify__tls_DER-incomplete-content.pcap": {"tls.handshake.certificate": "a certificate that tshark ends where its DER does"},
	"zeek__tls-13draft19-early-data.pcap":              {"JA3": drafts},
	"zeek__tls13draft16-ff52.a01.pcap":                 {"JA3": drafts},
	"zeek__tls1.2-protocol-violation.pcap":             {"messages": "a handshake message of an unknown type: tshark calls it encrypted"},
}

var index = regexp.MustCompile(`\[\d+\]`)

// named reports whether a path of a field ends as pattern says, in which * is any
// name.
func named(path []string, pattern string) bool {
	want := strings.Split(pattern, ".")
	if len(want) > len(path) {
		return false
	}
	for i, name := range path[len(path)-len(want):] {
		if want[i] != "*" && want[i] != name {
			return false
		}
	}
	return true
}

// ours gives the fields of a tree by tshark's names: their bytes, and what is shown.
func ours(root *field.Field) (values, labels map[string][]string) {
	values, labels = map[string][]string{}, map[string][]string{}
	var walk func(path []string, f *field.Field, raw []byte)
	walk = func(path []string, f *field.Field, raw []byte) {
		path = append(path[:len(path):len(path)], index.ReplaceAllString(f.Name, ""))
		if f.Raw != nil {
			raw = f.Raw
		}
		for name, patterns := range fieldsOf {
			if f.End > f.Start && f.End <= len(raw) && slices.ContainsFunc(patterns, func(p string) bool { return named(path, p) }) {
				values[name] = append(values[name], hex.EncodeToString(raw[f.Start:f.End]))
				labels[name] = append(labels[name], f.Value)
			}
		}
		for i := range f.Sub {
			walk(path, &f.Sub[i], raw)
		}
	}
	walk(nil, root, nil)
	return values, labels
}

// TestTshark compares every message of every capture with what tshark reads, field
// by field, byte by byte. What is encrypted is opened by both if there are keys.
func TestTshark(t *testing.T) {
	program := needTshark(t)
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	files, _ := filepath.Glob(filepath.Join(captures, "*.pcap*"))
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".keys") })
	if len(files) == 0 {
		t.Skip("the captures are not there")
	}
	var total atomic.Int64
	t.Run("all", func(t *testing.T) {
		for _, f := range files {
			t.Run(filepath.Base(f), func(t *testing.T) {
				t.Parallel()
				total.Add(int64(differ(t, program, f, f+".keys", differing[filepath.Base(f)])))
			})
		}
	})
	t.Logf("%d captures, %d values of fields, names of them and headers of records", len(files), total.Load())
	if total.Load() < 50000 {
		t.Error("that is too few")
	}
}

// differ compares a capture, and gives how many values it has compared. Where the
// two are known to differ, and why, is said by judged.
func differ(t *testing.T, program, capture, keys string, judged map[string]string) int {
	t.Helper()
	log := new(flow.KeyLog)
	if lines, err := os.ReadFile(keys); err == nil {
		log.Add(lines)
	} else {
		keys = ""
	}
	d := &difference{t: t, judged: judged, used: map[string]bool{}}
	theirs := askTshark(t, program, capture, keys)
	stories := followWith(capture, flow.Options{Plain: true, Keys: &flow.Keys{Log: log}})
	for at, messages := range theirs.messages {
		if s := d.story(stories, at); s != nil {
			d.side(s, sideOf(s, at.from), messages)
		}
	}
	for at, records := range theirs.records {
		if s := d.story(stories, at); s != nil {
			d.records(s, sideOf(s, at.from), records)
		}
	}
	for what := range judged {
		if !d.used[what] {
			t.Errorf("%s is judged, and does not differ", what)
		}
	}
	return d.values
}

// A difference is what was found in a capture.
type difference struct {
	t      *testing.T
	judged map[string]string
	used   map[string]bool
	values int
}

// differs says that a thing is not the same, unless that is known.
func (d *difference) differs(what, form string, args ...any) {
	d.t.Helper()
	if d.judged[what] != "" {
		d.used[what] = true
		return
	}
	d.t.Errorf("%s: "+form, append([]any{what}, args...)...)
}

// story gives the connection that tshark means: it begins anew with another SYN
// where this project may see the same connection, and the other way round.
func (d *difference) story(stories map[int]*flow.Story, at direction) *flow.Story {
	ends := func(s *flow.Story) bool {
		return s != nil && (s.TCP.Client == at.from && s.TCP.Server == at.to || s.TCP.Client == at.to && s.TCP.Server == at.from)
	}
	if s := stories[at.stream]; ends(s) {
		return s
	}
	for _, s := range stories {
		if ends(s) && s.TLS {
			return s
		}
	}
	d.differs("stream", "%d, %v to %v, is not there", at.stream, at.from, at.to)
	return nil
}

func sideOf(s *flow.Story, from netip.AddrPort) trace.Side {
	if from == s.TCP.Client {
		return trace.Client
	}
	return trace.Server
}

// side compares the messages of one side.
func (d *difference) side(s *flow.Story, side trace.Side, theirs []*seen) {
	var messages []*flow.Message
	var here, there []string
	for _, m := range s.Messages {
		if m.From == side && m.Raw != nil && !m.Cut && (m.Content == iana.ContentHandshake || m.Content == iana.ContentAlert || m.SSL2) {
			messages = append(messages, m)
			here = append(here, kind(m))
		}
	}
	for _, m := range theirs {
		there = append(there, m.what+strings.Join(m.fields["tls.handshake.type"], ""))
	}
	if n := endOfTshark(messages); len(there) == n {
		here, messages = here[:n], messages[:n]
	}
	if !slices.Equal(here, there) {
		d.differs("messages", "stream %d, %v:\n  here   %q\n  tshark %q", s.TCP.ID, side, here, there)
		return
	}
	for i, m := range messages {
		d.message(s, m, theirs[i])
	}
}

// endOfTshark gives how many messages of a side come before one that tshark 4.0 takes
// for encrypted, with all that follow: one of a type that is never sent, or of a client that
// asks itself to begin anew or that was authenticated after the handshake.
func endOfTshark(messages []*flow.Message) int {
	finished := 0
	for i, m := range messages {
		if m.SSL2 || m.Content != iana.ContentHandshake {
			continue
		}
		odd := strings.HasPrefix(m.Type.String(), "handshake type") || m.Type == iana.MsgMessageHash
		if odd || m.From == trace.Client && (m.Type == iana.MsgHelloRequest || finished == 2) {
			return i
		}
		if m.Type == iana.MsgFinished {
			finished++
		}
	}
	return len(messages)
}

// kind gives what a message is as tshark's are called here.
func kind(m *flow.Message) string {
	switch {
	case m.SSL2:
		return fmt.Sprintf("ssl2%02x", m.Raw[0])
	case m.Content == iana.ContentAlert:
		return "alert"
	}
	return fmt.Sprintf("handshake%02x", byte(m.Type))
}

// message compares the fields of one message.
func (d *difference) message(s *flow.Story, m *flow.Message, theirs *seen) {
	tree := s.Tree(m)
	here, labels := ours(tree)
	d.certificates(m, tree, theirs)
	if m.Type == iana.MsgCertificate && !m.SSL2 || m.Type == iana.MsgCertificateStatus { // tshark shows what is within a certificate or response, and here that is another tree
		for _, fields := range []map[string][]string{here, theirs.fields} {
			maps.DeleteFunc(fields, func(name string, _ []string) bool {
				return name == "tls.handshake.sig_hash_alg" || strings.HasPrefix(name, "tls.sct.")
			})
		}
	}
	for name := range fieldsOf {
		there := theirs.fields[name]
		d.values += len(here[name])
		if !slices.EqualFunc(here[name], there, same) {
			d.differs(name, "frame %d, %s:\n  here   %q\n  tshark %q", theirs.frame, m.Name, here[name], there)
			continue
		}
		for i, label := range labels[name] {
			d.name(name, label, theirs.labels[name][i])
		}
	}
	print, want := "", theirs.fields["tls.handshake.ja3"]
	switch {
	case m.SSL2 || len(m.Raw) < wire.HeaderLen:
	case m.Type == iana.MsgClientHello:
		if hello, err := wire.ParseClientHello(m.Raw[wire.HeaderLen:]); err == nil {
			print, _ = fingerprint.JA3(&hello)
		}
	case m.Type == iana.MsgServerHello:
		if hello, err := wire.ParseServerHello(m.Raw[wire.HeaderLen:]); err == nil {
			print, _ = fingerprint.JA3S(&hello)
		}
		want = theirs.fields["tls.handshake.ja3s"]
	}
	if print != strings.Join(want, "") {
		d.differs("JA3", "frame %d, %s: %q, tshark has %q", theirs.frame, m.Name, print, want)
	}
}

// same reports whether the digits are those that tshark shows, or as many.
func same(here, there string) bool {
	return here == there || there == fmt.Sprintf("size %d", len(here)/2)
}

// registered has the names of registries: "TLS_RSA_WITH_NULL_SHA (0x0002)".
var registered = regexp.MustCompile(`^[A-Za-z]\w+ \((0x[0-9a-f]+)\)$`)

// name compares what is shown of a number that a registry has, where both know it.
func (d *difference) name(field, here, there string) {
	switch field {
	case "tls.handshake.ciphersuite", "tls.handshake.extensions_supported_group", "tls.handshake.sig_hash_alg":
	default:
		return
	}
	_, there, _ = strings.Cut(there, ": ")
	here = strings.TrimPrefix(here, "OLD_") // of suites with the same name as those that have replaced them
	if !registered.MatchString(here) || !registered.MatchString(there) || strings.HasPrefix(there, "Unknown") {
		return
	}
	d.values++
	if here != there {
		d.differs(field+" name", "%q, tshark has %q", here, there)
	}
}

// records compares the headers of records, but for those with application data.
func (d *difference) records(s *flow.Story, side trace.Side, theirs []string) {
	var here []string
	last := int64(-1)
	for _, m := range s.Messages {
		if m.From != side || m.Content == iana.ContentApplicationData || m.SSL2 {
			continue
		}
		for _, r := range m.Records {
			if r.Offset > last && r.Content != iana.ContentApplicationData {
				here = append(here, fmt.Sprintf("%02x%04x%04x", byte(r.Content), uint16(r.Version), r.Length))
				last = r.Offset
			}
		}
	}
	theirs = slices.DeleteFunc(theirs, func(r string) bool { return strings.HasPrefix(r, "17") || len(r) != 10 })
	d.values += len(here)
	if !slices.Equal(here, theirs) {
		d.differs("records", "stream %d, %v:\n  here   %q\n  tshark %q", s.TCP.ID, side, here, theirs)
	}
}
