package lexicon

import "slices"

// A phrase is a text of a program; says are parts of it in lower case, any of which
// is enough.
type phrase struct {
	says []string
	Entry
}

func said(by, title, means string, causes []string, find string, says ...string) phrase {
	return phrase{says, Entry{Title: title, SaidBy: by, Means: means, Causes: causes, Find: find}}
}

// general marks a text that only says that something failed: whatever else is found in
// the same words is surer.
func general(p phrase) phrase {
	p.weight = -40
	return p
}

const (
	ofOpenSSL = "OpenSSL, and what is built on it (curl, nginx, Python, Node.js, Ruby, PHP)"
	ofCurl    = "curl"
	ofGo      = "Go (crypto/tls, net/http)"
	ofJava    = "Java (JSSE)"
	ofGnuTLS  = "GnuTLS (gnutls-cli, wget, Exim)"
	ofChrome  = "Chrome, Edge, Electron"
	ofFirefox = "Firefox, NSS"
	ofNode    = "Node.js"
	ofPython  = "Python (ssl, requests, urllib3)"
	ofDotNet  = ".NET, PowerShell"
	ofWindows = "Windows"
)

// texts are what programs print, but for alerts that came.
var texts = slices.Concat(libraryTexts, languageTexts, browserTexts, systemTexts, stackTexts, serviceTexts, codeTexts, programTexts)
