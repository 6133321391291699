# One stanza a program; DM_MAIN is what all of them share.
DM_MAIN = cmd/common.c cmd/common.h
