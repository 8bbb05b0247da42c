package raster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
)

// level compresses a page about as well as the best one, in a tenth of its time.
const level = 5

// pngFile writes images of at most sixteen colours, four bits a pixel. The
// standard library's encoder asks for each pixel by itself, and knows the
// slowest level of compression and its usual one only. The buffers are kept
// from page to page.
type pngFile struct {
	packed bytes.Buffer
	zip    *zlib.Writer
}

// encode writes pixels, row by row, each the number of a colour of the palette.
func (e *pngFile) encode(size image.Point, pixels []uint8, palette []color.NRGBA) ([]byte, error) {
	e.packed.Reset()
	if e.zip == nil {
		var err error
		if e.zip, err = zlib.NewWriterLevel(&e.packed, level); err != nil {
			return nil, err
		}
	}
	e.zip.Reset(&e.packed)
	row := make([]byte, 1+(size.X+1)/2) // the first byte: no filter
	blank := make([]byte, size.X)
	for y := range size.Y {
		line := pixels[y*size.X:][:size.X]
		clear(row)
		if !bytes.Equal(line, blank) {
			for i := range row[1:] {
				row[1+i] = line[2*i] << 4
				if 2*i+1 < len(line) {
					row[1+i] |= line[2*i+1]
				}
			}
		}
		if _, err := e.zip.Write(row); err != nil {
			return nil, err
		}
	}
	if err := e.zip.Close(); err != nil {
		return nil, err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(size.X))
	head = binary.BigEndian.AppendUint32(head, uint32(size.Y))
	head = append(head, 4, 3, 0, 0, 0) // bits; palette; deflate; filters as usual; not interlaced
	var colors []byte
	for _, c := range palette {
		colors = append(colors, c.R, c.G, c.B)
	}
	out := append(make([]byte, 0, e.packed.Len()+len(colors)+100), "\x89PNG\r\n\x1a\n"...)
	for _, c := range []struct {
		kind string
		data []byte
	}{{"IHDR", head}, {"PLTE", colors}, {"IDAT", e.packed.Bytes()}, {"IEND", nil}} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(c.data)))
		from := len(out)
		out = append(append(out, c.kind...), c.data...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
	}
	return out, nil
}
