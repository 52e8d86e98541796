#!/bin/sh
# Makes the demo video: a minute of our own test picture with a running clock, so that a viewer (and a test)
# can read off which second is on screen. One key frame a second keeps seeks quick; faststart lets playback
# begin before the file has arrived whole.
#
# Needs ffmpeg with libx264 and a DejaVu font. Usage: sh demo-video.sh [OUTPUT]
set -eu
out=${1:-"$(dirname "$0")/../dashboards/public/demo/playhead-demo.mp4"}
font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf}
label="fontfile=$font:fontcolor=white:x=(w-text_w)/2"

mkdir -p "$(dirname "$out")"
ffmpeg -y -loglevel error \
  -f lavfi -i "gradients=size=640x360:rate=25:duration=60:speed=0.012:seed=7:c0=0x0b1f3a:c1=0x135e6f:c2=0x3b2a6b:c3=0x0b1f3a:nb_colors=4" \
  -f lavfi -i "testsrc2=size=160x90:rate=25:duration=60" \
  -f lavfi -i "sine=frequency=220:beep_factor=4:sample_rate=44100:duration=60" \
  -filter_complex "[0:v]drawtext=$label:fontsize=110:y=105:text='%{eif\:floor(t)\:d\:2}',\
drawtext=$label:fontsize=24:y=235:text='second of 60  -  playhead demo'[clock];\
[clock][1:v]overlay=x=W-w-16:y=H-h-16,\
drawbox=x=0:y=ih-6:w=iw:h=6:color=white@0.15:t=fill[picture];\
[2:a]volume=0.05[tone]" \
  -map "[picture]" -map "[tone]" -t 60 \
  -c:v libx264 -profile:v main -preset veryslow -pix_fmt yuv420p -b:v 84k -maxrate 140k -bufsize 280k -g 25 -keyint_min 25 -sc_threshold 0 \
  -c:a aac -b:a 24k -ac 1 -movflags +faststart -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  "$out"
ls -l "$out"
