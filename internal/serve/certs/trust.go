package certs

import (
	"fmt"
	"runtime"
	"strings"
)

// A TrustStep says how one system or program is told to trust a local CA, and
// how that is taken back. The commands are for a person to type: nothing here
// runs them.
type TrustStep struct {
	System string   // "macOS", "Firefox"
	Trust  []string // commands, or what to do in words if they begin with "#"
	Undo   []string
}

// Trust says how clients are told to trust the CA. What is for the operating
// system goos, as runtime.GOOS has it ("" for this one), comes first; after it
// what programs with a list of their own need.
func (ca *CA) Trust(goos string) []TrustStep {
	if goos == "" {
		goos = runtime.GOOS
	}
	file, name := ca.certFile, ca.cert.Subject.CommonName
	steps := []TrustStep{{
		System: "for one command, without installing anything",
		Trust:  []string{"curl --cacert " + shellQuote(file) + " https://localhost/"},
	}}
	switch goos {
	case "windows":
		steps = append(steps, windowsTrust(file, name))
	case "darwin":
		steps = append(steps, macTrust(file, name))
	default:
		steps = append(steps, linuxTrust(file)...)
		steps = append(steps, nssTrust(file, name))
	}
	return append(steps,
		TrustStep{
			System: "Firefox",
			Trust:  []string{"# Settings, Privacy & Security, View Certificates, Authorities, Import: " + file},
			Undo:   []string{"# in the same place: select " + name + ", Delete or Distrust"},
		},
		TrustStep{System: "Node.js", Trust: []string{"export NODE_EXTRA_CA_CERTS=" + shellQuote(file)}, Undo: []string{"unset NODE_EXTRA_CA_CERTS"}},
		TrustStep{
			System: "Java",
			Trust:  []string{"keytool -importcert -cacerts -alias handsel-local-ca -file " + shellQuote(file)},
			Undo:   []string{"keytool -delete -cacerts -alias handsel-local-ca"},
		},
	)
}

func linuxTrust(file string) []TrustStep {
	const (
		debian = "/usr/local/share/ca-certificates/handsel-local-ca.crt"
		fedora = "/etc/pki/ca-trust/source/anchors/handsel-local-ca.pem"
	)
	q := shellQuote(file)
	return []TrustStep{
		{
			System: "Debian, Ubuntu, Alpine",
			Trust:  []string{"sudo cp " + q + " " + debian, "sudo update-ca-certificates"},
			Undo:   []string{"sudo rm " + debian, "sudo update-ca-certificates --fresh"},
		},
		{
			System: "Fedora, RHEL",
			Trust:  []string{"sudo cp " + q + " " + fedora, "sudo update-ca-trust"},
			Undo:   []string{"sudo rm " + fedora, "sudo update-ca-trust"},
		},
		{
			System: "Arch",
			Trust:  []string{"sudo trust anchor --store " + q},
			Undo:   []string{"sudo trust anchor --remove " + q},
		},
	}
}

// nssTrust is for Chrome and Chromium on Linux, which do not read the system's
// list.
func nssTrust(file, name string) TrustStep {
	const db = `-d sql:"$HOME/.pki/nssdb"`
	return TrustStep{
		System: "Chrome, Chromium on Linux",
		Trust: []string{
			`mkdir -p "$HOME/.pki/nssdb"`,
			"certutil " + db + " -A -t C,, -n " + shellQuote(name) + " -i " + shellQuote(file),
		},
		Undo: []string{"certutil " + db + " -D -n " + shellQuote(name)},
	}
}

func macTrust(file, name string) TrustStep {
	return TrustStep{
		System: "macOS",
		Trust: []string{
			`security add-trusted-cert -r trustRoot -p ssl -k "$HOME/Library/Keychains/login.keychain-db" ` + shellQuote(file),
		},
		Undo: []string{
			"security remove-trusted-cert " + shellQuote(file),
			"security delete-certificate -c " + shellQuote(name),
		},
	}
}

func windowsTrust(file, name string) TrustStep {
	return TrustStep{
		System: "Windows, for this user",
		Trust:  []string{`certutil -user -addstore Root "` + file + `"`},
		Undo:   []string{`certutil -user -delstore Root "` + name + `"`},
	}
}

// TrustText prints Trust for a terminal.
func (ca *CA) TrustText(goos string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The local CA is %q,\nSHA-256 %s, valid until %s.\n"+
		"Its certificate is in %s.\n"+
		"Nothing trusts it until you say so. Whoever has its key, which lies beside it, can then pose as any site to you.\n",
		ca.cert.Subject.CommonName, ThumbprintOf(ca.cert), ca.cert.NotAfter.UTC().Format("2006-01-02"), ca.certFile)
	for _, step := range ca.Trust(goos) {
		fmt.Fprintf(&b, "\n%s:\n", step.System)
		for _, line := range step.Trust {
			fmt.Fprintf(&b, "    %s\n", line)
		}
		if len(step.Undo) > 0 {
			b.WriteString("  to take it back:\n")
		}
		for _, line := range step.Undo {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}

// shellQuote makes one word of a path for a POSIX shell.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
