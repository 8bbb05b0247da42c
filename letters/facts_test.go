package letters

import (
	"testing"
	"time"

	complaints "complaints"
)

func TestCapital(t *testing.T) {
	for _, tt := range []struct {
		fen           int64
		amount, words string
	}{
		{0, "0.00", "零元整"},
		{5, "0.05", "伍分"},
		{50, "0.50", "伍角整"},
		{55, "0.55", "伍角伍分"},
		{100, "1.00", "壹元整"},
		{101, "1.01", "壹元零壹分"},
		{110, "1.10", "壹元壹角整"},
		{1000, "10.00", "壹拾元整"},
		{1500, "15.00", "壹拾伍元整"},
		{10000, "100.00", "壹佰元整"},
		{10100, "101.00", "壹佰零壹元整"},
		{11000, "110.00", "壹佰壹拾元整"},
		{100100, "1,001.00", "壹仟零壹元整"},
		{140950, "1,409.50", "壹仟肆佰零玖元伍角整"},
		{168032, "1,680.32", "壹仟陆佰捌拾元叁角贰分"},
		{500000, "5,000.00", "伍仟元整"},
		{600714, "6,007.14", "陆仟零柒元壹角肆分"},
		{1000550, "10,005.50", "壹万零伍元伍角整"},
		{1070005, "10,700.05", "壹万零柒佰元零伍分"},
		{10000000, "100,000.00", "壹拾万元整"},
		{10010001, "100,100.01", "壹拾万零壹佰元零壹分"},
		{100000001, "1,000,000.01", "壹佰万元零壹分"},
		{10000000001, "100,000,000.01", "壹亿元零壹分"},
		{10001000000, "100,010,000.00", "壹亿零壹万元整"},
		{100000000000, "1,000,000,000.00", "壹拾亿元整"},
		{123456789012, "1,234,567,890.12", "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分"},
		{100000000000000, "1,000,000,000,000.00", "壹万亿元整"},
		{100000000000100, "1,000,000,000,001.00", "壹万亿零壹元整"},
		{100010000000000, "1,000,100,000,000.00", "壹万零壹亿元整"},
		{-500000, "-5,000.00", "负伍仟元整"},
	} {
		if got := yuan(tt.fen); got != tt.amount {
			t.Errorf("%d fen: %s, want %s", tt.fen, got, tt.amount)
		}
		if got := capital(tt.fen); got != tt.words {
			t.Errorf("%s: %s, want %s", tt.amount, got, tt.words)
		}
	}
	if got := money("zh", complaints.Remedy{Amount: 500000}); got != "人民币5,000.00元（大写：伍仟元整）" {
		t.Error(got)
	}
	if got := money("en", complaints.Remedy{Amount: 500000}); got != "RMB"+noBreak+"5,000.00" {
		t.Error(got)
	}
	pounds := complaints.Remedy{Amount: 500000, Currency: "GBP"}
	if got := money("en", pounds) + " " + money("zh", pounds); got != "£5,000.00 5,000.00英镑" {
		t.Error(got)
	}
}

func TestFacts(t *testing.T) {
	at := time.Date(2026, 3, 4, 9, 5, 0, 0, time.FixedZone("", 8*3600))
	for _, tt := range []struct{ got, want string }{
		{moment("zh", at), "2026年3月4日09时05分"},
		{moment("en", at), "4" + noBreak + "March 2026 at 09:05"},
		{sentence("zh", "退还调查费"), "退还调查费。"},
		{sentence("zh", "退还调查费；"), "退还调查费。"},
		{sentence("zh", "他说“在开会。”"), "他说“在开会。”"},
		{sentence("zh", "为什么不回电？"), "为什么不回电？"},
		{sentence("en", "We refunded it"), "We refunded it."},
		{sentence("en", "We refunded it."), "We refunded it."},
		{sentence("en", ""), ""},
		{votes("zh", map[complaints.Ruling]int{complaints.Vary: 2, complaints.Affirm: 1}), "维持1票，变更2票"},
		{votes("en", map[complaints.Ruling]int{complaints.Vary: 2, complaints.Affirm: 1}), "1 to affirm, 2 to vary"},
		{han(1) + han(9) + han(10) + han(11) + han(20) + han(35) + han(99), "一九十十一二十三十五九十九"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
