package web

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// A lesson says what a word of TLS means.
type lesson struct {
	Kind, Name string
	Where      string // it is defined
	Text       string
	Weak       []string // why it is not to be used
}

// Href is the address of its page.
func (l *lesson) Href() string {
	return "/learn/" + url.PathEscape(l.Kind) + "/" + url.PathEscape(l.Name)
}

// Hint is the lesson in one breath.
func (l *lesson) Hint() string { return l.Text + " (" + l.Where + ")" }

//go:embed learn.txt
var learnText string

// A subject is all lessons of a kind, in order.
type subject struct {
	Kind, Title string
	Lessons     []*lesson
}

// subjects and lessons are read when one is first wanted.
var (
	subjects = sync.OnceValue(readLessons)
	lessons  = sync.OnceValue(func() map[string]*lesson {
		m := map[string]*lesson{}
		for _, s := range subjects() {
			for _, l := range s.Lessons {
				m[lessonKey(l.Kind, l.Name)] = l
			}
		}
		return m
	})
)

var joined = strings.NewReplacer("_", "", " ", "")

// lessonKey makes ClientHello and client_hello the same.
func lessonKey(kind, name string) string {
	return kind + " " + strings.ToLower(joined.Replace(name))
}

// teach gives the lesson of a name; nil: there is none. A state may have more words
// in parentheses. Of a number without a name it says that.
func teach(kind, name string) *lesson {
	if kind == "state" {
		name, _, _ = strings.Cut(name, " (")
	}
	if l := lessons()[lessonKey(kind, name)]; l != nil {
		return l
	}
	return ofNumber(kind, name)
}

// unnamed is how package iana calls a number that has no name.
var unnamed = regexp.MustCompile(`^([A-Za-z ]+)\(0x[0-9a-f]{2,4}\)$`)

// ofNumber describes a number without a name; nil: it is none.
func ofNumber(kind, name string) *lesson {
	m := unnamed.FindStringSubmatch(name)
	switch {
	case m == nil || !slices.ContainsFunc(subjects(), func(s subject) bool { return s.Kind == kind }):
		return nil
	case m[1] == "GREASE":
		return &lesson{Kind: kind, Name: name, Where: "RFC 8701, section 2", Text: "A number that means nothing. It is sent so that the other side has to skip what it does not know, and does not forget how."}
	}
	return &lesson{Kind: kind, Name: name, Where: "RFC 9846, section 11", Text: "A number that no registry known here has: it is new, private or made up."}
}

func readLessons() []subject {
	all := []subject{{Kind: "message", Title: "Messages"}, {Kind: "extension", Title: "Extensions"}, {Kind: "alert", Title: "Alerts"},
		{Kind: "version", Title: "Versions"}, {Kind: "state", Title: "States"}}
	for line := range strings.Lines(learnText) {
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if len(cells) != 4 {
			continue
		}
		for i := range all {
			if all[i].Kind == cells[0] {
				all[i].Lessons = append(all[i].Lessons, &lesson{Kind: cells[0], Name: cells[1], Where: cells[2], Text: cells[3]})
			}
		}
	}
	suites, groups, schemes := subject{Kind: "suite", Title: "Cipher suites"}, subject{Kind: "group", Title: "Groups"}, subject{Kind: "scheme", Title: "Signature schemes"}
	for _, id := range iana.Suites() {
		suites.Lessons = append(suites.Lessons, ofSuite(id))
	}
	for _, id := range iana.Groups() {
		groups.Lessons = append(groups.Lessons, ofGroup(id.String()))
	}
	for _, id := range iana.SignatureSchemes() {
		schemes.Lessons = append(schemes.Lessons, ofScheme(id.String()))
	}
	return append(all, suites, groups, schemes)
}

// ofMessage gives the lesson of a message of a story.
func ofMessage(name string) *lesson { return teach("message", name) }

// kindOf says of which kind the value of a field is, by how its name begins.
var kindOf = []struct{ begin, kind string }{
	{"cipher_suite", "suite"}, {"named_group", "group"}, {"group", "group"}, {"selected_group", "group"}, {"named_curve", "group"},
	{"supported_signature_algorithms", "scheme"}, {"algorithm", "scheme"}, {"signature_scheme", "scheme"}, {"description", "alert"},
	{"selected_version", "version"}, {"version", "version"}, {"legacy_version", "version"}, {"msg_type", "message"}, {"extension_type", "extension"},
}

// ofField gives the lesson of a field: of what it is, or of its value.
func ofField(parent string, f *field.Field) *lesson {
	name, _, _ := strings.Cut(f.Name, "[")
	if parent == "extensions" {
		return teach("extension", name)
	}
	value, _, _ := strings.Cut(f.Value, " (")
	for _, k := range kindOf {
		if strings.HasPrefix(name, k.begin) && value != "" {
			if l := teach(k.kind, value); l != nil {
				return l
			}
		}
	}
	if parent == "" {
		return teach("message", name)
	}
	return nil
}

// ofSuite describes a cipher suite by what its name says.
func ofSuite(id iana.Suite) *lesson {
	name := id.String()
	l := &lesson{Kind: "suite", Name: name, Where: whereSuite(name), Weak: policy.Used{Suite: id}.Weak()}
	exchange, cipher, split := strings.Cut(strings.TrimPrefix(name, "TLS_"), "_WITH_")
	switch {
	case strings.HasSuffix(name, "_SCSV"):
		l.Text = "No cipher suite but a signal of the client: " + map[bool]string{true: "it has tried a higher version before.", false: "it knows secure renegotiation."}[strings.Contains(name, "FALLBACK")]
		return l
	case !split:
		l.Text = fmt.Sprintf("%s. Key exchange and signature are negotiated apart from it (TLS 1.3).", cipherWords(exchange))
		return l
	}
	l.Text = exchangeWords(exchange) + "; " + cipherWords(cipher) + ". TLS 1.2 and below."
	if _, ok := suite.Of(id); !ok {
		l.Text += " Handsel does not speak it."
	}
	return l
}

// whereSuite gives the RFC that defines the suites of a kind.
func whereSuite(name string) string {
	for _, w := range []struct{ part, where string }{
		{"FALLBACK_SCSV", "RFC 7507, section 2"}, {"EMPTY_RENEGOTIATION", "RFC 5746, section 3.3"}, {"SSL_CK", "RFC 6101, appendix E"},
		{"CHACHA20_POLY1305_SHA256", "RFC 7905, section 2"}, {"ECCPWD", "RFC 8492, section 5"}, {"GOST", "RFC 9189, section 4"}, {"_SM4_", "RFC 8998, section 3"}, {"AEGIS", "draft-irtf-cfrg-aegis-aead"},
		{"ARIA", "RFC 6209, section 2"}, {"CAMELLIA", "RFC 6367, section 2"}, {"SEED", "RFC 4162, section 2"}, {"KRB5", "RFC 2712, section 2"}, {"SRP", "RFC 5054, section 2.7"},
		{"_CCM", "RFC 6655, section 3"}, {"ECDHE_PSK", "RFC 5489, section 3"}, {"PSK", "RFC 4279, section 2"},
		{"TLS_ECDH", "RFC 8422, section 6"}, {"_GCM_", "RFC 5288, section 3"}, {"EXPORT", "RFC 2246, appendix A.5"},
		{"_WITH_", "RFC 5246, appendix A.5"},
	} {
		if strings.Contains(name, w.part) && (w.part != "CHACHA20_POLY1305_SHA256" && w.part != "_CCM" && w.part != "_GCM_" || strings.Contains(name, "_WITH_")) {
			return w.where
		}
	}
	return "RFC 9846, appendix B.4"
}

func exchangeWords(s string) string {
	switch {
	case s == "RSA":
		return "The client encrypts the secret with the server's RSA key"
	case s == "NULL":
		return "Nothing is exchanged"
	case strings.HasSuffix(s, "_anon"):
		return strings.TrimSuffix(s, "_anon") + " without any certificate"
	case s == "PSK":
		return "The keys come from a pre-shared key alone"
	}
	how, who, two := strings.Cut(s, "_")
	if how = strings.NewReplacer("ECDHE", "Ephemeral elliptic-curve Diffie-Hellman", "DHE", "Ephemeral Diffie-Hellman", "ECDH", "Elliptic-curve Diffie-Hellman with the certificate's key").Replace(how); !two {
		return how
	}
	if who == "PSK" {
		return how + ", authenticated with a pre-shared key"
	}
	return how + ", signed with a key of " + strings.ReplaceAll(who, "_", " ")
}

func cipherWords(s string) string {
	parts := strings.Split(s, "_")
	last := parts[len(parts)-1]
	cipher := strings.Join(parts[:len(parts)-1], "-")
	switch {
	case strings.Contains(s, "NULL_NULL"):
		return "nothing is encrypted"
	case strings.Contains(s, "GCM"), strings.Contains(s, "CCM"), strings.Contains(s, "POLY1305"), strings.Contains(s, "AEGIS"):
		if !strings.HasPrefix(last, "SHA") && !strings.HasPrefix(last, "SM3") {
			return "records are encrypted and authenticated with " + strings.Join(parts, "-")
		}
		return "records are encrypted and authenticated with " + cipher + ", keys are derived with " + last
	}
	return "records are encrypted with " + cipher + ", checksums are made with HMAC of " + last
}

// ofGroup describes a group by the family that its name says.
func ofGroup(name string) *lesson {
	l := &lesson{Kind: "group", Name: name, Where: "RFC 8422, section 5.1.1", Text: "An elliptic curve for the key exchange."}
	switch lower := strings.ToLower(name); {
	case strings.Contains(lower, "kyber"):
		l.Where, l.Text = "draft-tls-westerbaan-xyber768d00-03", "A draft of a key exchange that stands against quantum computers as well. X25519MLKEM768 has taken its place."
	case strings.Contains(lower, "mlkem") && !strings.HasPrefix(lower, "mlkem"):
		l.Where, l.Text = "draft-ietf-tls-ecdhe-mlkem", "A curve and ML-KEM together: the key exchange holds as long as one of them does, also against quantum computers."
	case strings.Contains(lower, "mlkem"):
		l.Where, l.Text = "draft-ietf-tls-mlkem", "ML-KEM (FIPS 203): a key exchange that stands against quantum computers."
	case strings.HasPrefix(lower, "ffdhe"):
		l.Where, l.Text = "RFC 7919, appendix A", "Diffie-Hellman with a prime of "+lower[5:]+" bits."
	case lower == "x25519", lower == "x448":
		l.Where, l.Text = "RFC 7748, section 5", "A modern, fast curve for the key exchange."
	case lower == "secp256r1", lower == "secp384r1", lower == "secp521r1":
		l.Text = "The curve P-" + lower[4:7] + " of NIST, for the key exchange and for ECDSA."
	case strings.HasPrefix(lower, "sect"), strings.HasPrefix(lower, "secp"), strings.HasPrefix(lower, "arbitrary"):
		l.Where, l.Text = "RFC 8422, appendix A", "An old curve. RFC 8422 has taken it out of use."
	case strings.HasPrefix(lower, "brainpool"):
		l.Where = "RFC 8734, section 2"
	case strings.HasPrefix(lower, "gc"):
		l.Where = "RFC 9189, section 4"
	case strings.HasPrefix(lower, "curvesm2"):
		l.Where = "RFC 8998, section 3"
	}
	return l
}

// ofScheme describes a signature scheme by its name.
func ofScheme(name string) *lesson {
	l := &lesson{Kind: "scheme", Name: name, Where: "RFC 9846, section 4.3.3", Text: "A signature scheme."}
	switch {
	case strings.HasPrefix(name, "rsa_pkcs1"):
		l.Text = "RSA with the old padding (PKCS #1 v1.5): in TLS 1.3 for signatures within certificates only."
	case strings.HasPrefix(name, "rsa_pss_rsae"):
		l.Text = "RSA-PSS with a key that is for RSA in general, as in most certificates."
	case strings.HasPrefix(name, "rsa_pss_pss"):
		l.Text = "RSA-PSS with a key that is for it alone."
	case strings.HasPrefix(name, "ecdsa_brainpool"):
		l.Where, l.Text = "RFC 8734, section 2", "ECDSA with a Brainpool curve."
	case strings.HasPrefix(name, "ecdsa"):
		l.Text = "ECDSA. In TLS 1.3 the name says the curve, too."
	case strings.HasPrefix(name, "ed"):
		l.Text = "EdDSA."
	case strings.HasPrefix(name, "mldsa"):
		l.Where, l.Text = "draft-ietf-tls-mldsa", "ML-DSA (FIPS 204): signatures that stand against quantum computers."
	case strings.HasPrefix(name, "slhdsa"):
		l.Where, l.Text = "draft-reddy-tls-slhdsa", "SLH-DSA (FIPS 205): signatures from hashes alone, which stand against quantum computers."
	case strings.HasPrefix(name, "dsa"):
		l.Where, l.Text = "RFC 5246, section 7.4.1.4.1", "DSA, which TLS 1.3 does not have any more."
	case strings.HasPrefix(name, "gost"):
		l.Where = "RFC 9367, section 5"
	case strings.HasPrefix(name, "sm2"):
		l.Where = "RFC 8998, section 3.2"
	}
	if strings.Contains(name, "sha1") || strings.Contains(name, "md5") {
		l.Weak = []string{"its hash is broken: such signatures can be forged (RFC 9155)"}
	}
	return l
}

// learnPage is the page of the words.
type learnPage struct {
	Query    string
	Kind     string // that is shown
	Subjects []subject
	Shown    []subject
}

// learn answers with the words of a kind, or with those that a query finds.
func (p *Page) learn(w http.ResponseWriter, r *http.Request) {
	page := &learnPage{Query: strings.TrimSpace(r.URL.Query().Get("q")), Kind: r.URL.Query().Get("kind"), Subjects: subjects()}
	if page.Query != "" {
		page.Kind = ""
		page.find()
	} else {
		at := max(0, slices.IndexFunc(subjects(), func(s subject) bool { return s.Kind == page.Kind }))
		page.Kind, page.Shown = subjects()[at].Kind, subjects()[at:at+1]
	}
	p.show(w, http.StatusOK, "learn", frame{Title: "Learn", Place: "Learn", Body: page})
}

// find chooses the words whose name has the query in it, or that have it for their
// number; if there are none, those in whose text it is.
func (page *learnPage) find() {
	want := strings.TrimSpace(lessonKey("", page.Query))
	page.choose(func(l *lesson) bool {
		return strings.Contains(lessonKey("", l.Name), want) || numbered(page.Query, l)
	})
	if len(page.Shown) == 0 {
		want = strings.ToLower(page.Query)
		page.choose(func(l *lesson) bool { return strings.Contains(strings.ToLower(l.Hint()), want) })
	}
}

// numbered reports whether a word has a number, such as 48 or 0x1301.
func numbered(query string, l *lesson) bool {
	n, err := strconv.ParseUint(query, 0, 16)
	if err != nil {
		return false
	}
	named := map[string]fmt.Stringer{"extension": iana.ExtensionType(n), "suite": iana.Suite(n), "group": iana.Group(n), "scheme": iana.SignatureScheme(n), "version": iana.Version(n)}
	if n <= 0xff {
		named["alert"], named["message"] = iana.Alert(n), iana.HandshakeType(n)
	}
	name := named[l.Kind]
	return name != nil && name.String() == l.Name
}

// choose shows some of the words.
func (page *learnPage) choose(wanted func(*lesson) bool) {
	for _, s := range subjects() {
		found := subject{Kind: s.Kind, Title: s.Title}
		for _, l := range s.Lessons {
			if wanted(l) {
				found.Lessons = append(found.Lessons, l)
			}
		}
		if len(found.Lessons) > 0 {
			page.Shown = append(page.Shown, found)
		}
	}
}

// lesson answers with one.
func (p *Page) lesson(w http.ResponseWriter, r *http.Request) {
	l := teach(r.PathValue("kind"), r.PathValue("name"))
	if l == nil {
		p.missing(w, "Nothing is known here of that name.")
		return
	}
	p.show(w, http.StatusOK, "lesson", frame{Title: l.Name, Place: "Learn", Body: l})
}
