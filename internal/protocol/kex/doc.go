package kex
