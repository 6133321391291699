/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_SHORTEST_H
#define DM_BASE_SHORTEST_H

#include <stdint.h>

/**
 * The shortest decimal number, and of those the nearest, that reads back as v:
 * the result times ten to the power of *ret_exponent. It may end with zeros.
 * @v  finite and greater than zero
 * Source: Giulietti, The Schubfach way to render doubles, 2020.
 */
uint64_t dm_shortest(double v, int *ret_exponent);

#endif
