package lexicon

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// nameLike is what may be a name that was mistyped: the whole of the words, or one in
// a longer text with an underscore in it.
var nameLike = regexp.MustCompile(`[a-z0-9]+(?:_[a-z0-9]+)+`)

// Near gives what was perhaps meant, for words that are unknown.
func Near(words string) (near []string) {
	text := normal(words)
	asked := nameLike.FindAllString(text, 4)
	if whole := strings.NewReplacer(" ", "_", "-", "_").Replace(text); !slices.Contains(asked, whole) {
		asked = append(asked, whole)
	}
	type guess struct {
		name string
		far  int
	}
	var guesses []guess
	for _, name := range spellings() {
		for _, a := range asked {
			if d := distance(a, strings.ToLower(name)); d <= 2+len(name)/6 {
				guesses = append(guesses, guess{name, d})
			}
		}
	}
	slices.SortFunc(guesses, func(a, b guess) int { return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.name, b.name)) })
	for _, g := range guesses {
		if !slices.Contains(near, g.name) && len(near) < 3 {
			near = append(near, g.name)
		}
	}
	return near
}

// spellings are the names that can be mistyped: of alerts, of codes, and those of
// programs that are a single word in capitals.
func spellings() []string {
	all := Names()
	for i := range texts {
		for _, says := range texts[i].says {
			if nameLike.FindString(says) == says {
				all = append(all, strings.ToUpper(says))
			}
		}
	}
	return all
}

// places say where the words are explained, or how more is to be had, for those that
// are not known here.
var places = []struct {
	pattern *regexp.Regexp
	look    string
}{
	{regexp.MustCompile(`error:[0-9a-f]{8}\b`), "it is a code of OpenSSL: openssl errstr CODE says it in words"},
	{regexp.MustCompile(`0x8(?:009|00b|007)[0-9a-f]{4}\b|\b(?:sec_[ei]|cert_e|crypt_e|trust_e|nte)_`), "it is a code of Windows: certutil -error CODE says it in words"},
	{regexp.MustCompile(`\b368\d\d\b|schannel`), "Schannel says more with EventLogging=7; the alert in the event is what to go by"},
	{regexp.MustCompile(`\b(?:net::)?err_(?:ssl|cert|tls|quic|http2|ech|proxy|connection)_`), "it is a name of Chrome or Node.js: chrome://net-export records what went before, node --trace-tls too"},
	{regexp.MustCompile(`\b(?:sec_error|ssl_error|mozilla_pkix_error|pr|ns_error)_`), "it is a name of Firefox or NSS: the page of the error has the certificate and more words under Advanced"},
	{regexp.MustCompile(`javax?\.(?:net|security)|sun\.security|sslhandshakeexception`), "give the innermost \"Caused by\"; java -Djavax.net.debug=ssl:handshake shows the handshake"},
	{regexp.MustCompile(`\bcurl\b`), "curl -v shows the handshake, and man curl has the exit codes"},
	{regexp.MustCompile(`\bah\d{5}\b`), "it is a number of Apache's: LogLevel ssl:debug shows the handshake"},
	{regexp.MustCompile(`gnutls`), "gnutls-cli -d 5 shows the handshake"},
	{regexp.MustCompile(`exception|authentication failed`), "give the innermost exception"},
	{regexp.MustCompile(`^(?:[a-z]+ )*\(?\d{3}\)?$`), "no alert has the number"},
}

// Where says for words that are unknown whose they are and where to look; "" if that
// is not known either.
func Where(words string) string {
	text := normal(words)
	for _, p := range places {
		if p.pattern.MatchString(text) {
			return p.look
		}
	}
	return ""
}

// distance is how many letters have to be changed, added or left out.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 1 << 10
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0]++
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
