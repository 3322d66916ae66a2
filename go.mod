module github.com/handsel-tls/handsel

go 1.26
