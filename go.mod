module github.com/handsel-tls/handsel

go 1.26

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/cloudflare/circl v1.6.5 // indirect
)
