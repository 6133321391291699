#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each step of making the pretrained encoder: run.sh STEP CACHE [ARGUMENT...]
# CACHE is a folder with some GB of room, outside the tree.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
step=$1 cache=$2
shift 2
case $step in
corpus) # fetch the packages, put their text together
	"$here/corpus.py" fetch "$cache"
	"$here/corpus.py" merge "$cache"
	;;
vocab) # vocab.txt beside this script
	"$here/vocab.py" "$cache/corpus" "$here/vocab.txt" "$@"
	;;
pack) # CACHE/carry: what pretraining reads
	"$here/tokens.py" "$cache/corpus" "$cache/carry" -v "$here/vocab.txt"
	;;
check) # some steps on this machine
	"$here/pretrain.py" "$cache/carry" -v "$here/vocab.txt" \
		-o "$cache/check" --check "$@"
	;;
pretrain) # on a GPU
	"$here/pretrain.py" "$cache/carry" -v "$here/vocab.txt" \
		-o "$cache/pretrained" "$@"
	;;
tune) # a tagger, of tagged sentences
	"$here/finetune.py" "$cache/pretrained" -o "$cache/tagger" "$@"
	;;
all) # up to what a GPU is needed for
	for each in corpus pack check; do
		"$0" $each "$cache"
	done
	;;
*)
	echo "run.sh: no step $step" >&2
	exit 2
	;;
esac
