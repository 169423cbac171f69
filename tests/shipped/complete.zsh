#!/usr/bin/zsh -f
# SPDX-License-Identifier: BSD-2-Clause
# complete.zsh DIRECTORY LINE WANT: does TAB at the end of LINE make it WANT, in a zsh of its own,
# with _xdptail from DIRECTORY? Waits until that is on its terminal; who calls this sets a limit.
zmodload zsh/zpty
zpty -b z zsh -f -i
send() {
	zpty -w z $1
	zpty -r -m z answer "*$2*"
}
send "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; echo comp''lete" complete
# PWD is in the way of what is typed, if it is completed too
zpty -n -w z "$2"$'\t'
zpty -r -m z answer "*$3*"
zpty -d z
