/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/shortest.h"

#include <stdbool.h>
#include <string.h>

/*
 * 128 bits of powers of ten: 10^k times 2^(127 - floor(log2(10^k))), rounded
 * up. Every 27th is written down; those between are made of it and a power of
 * five, and then are at most one off, which is written down too.
 */
#define POWER_MIN   (-292)
#define POWER_EVERY 27

struct power {
	uint64_t high, low;
};

static const struct power powers[] = {
    {0xff77b1fcbebcdc4f, 0x25e8e89c13bb0f7b},
    {0xce5d73ff402d98e3, 0xfb0a3d212dc81290},
    {0xa6b34ad8c9dfc06f, 0xf42faa48c0ea481f},
    {0x86a8d39ef77164bc, 0xae5dff9c02033198},
    {0xd98ddaee19068c76, 0x3badd624dd9b0958},
    {0xafbd2350644eeacf, 0xe5d1929ef90898fb},
    {0x8df5efabc5979c8f, 0xca8d3ffa1ef463c2},
    {0xe55990879ddcaabd, 0xcc420a6a101d0516},
    {0xb94470938fa89bce, 0xf808e40e8d5b3e6a},
    {0x95a8637627989aad, 0xdde7001379a44aa9},
    {0xf1c90080baf72cb1, 0x5324c68b12dd6339},
    {0xc350000000000000, 0x0000000000000000},
    {0x9dc5ada82b70b59d, 0xf020000000000000},
    {0xfee50b7025c36a08, 0x02f236d04753d5b5},
    {0xcde6fd5e09abcf26, 0xed4c0226b55e6f87},
    {0xa6539930bf6bff45, 0x84db8346b786151d},
    {0x865b86925b9bc5c2, 0x0b8a2392ba45a9b3},
    {0xd910f7ff28069da4, 0x1b2ba1518094da05},
    {0xaf58416654a6babb, 0x387ac8d1970027b3},
    {0x8da471a9de737e24, 0x5ceaecfed289e5d3},
    {0xe4d5e82392a40515, 0x0fabaf3feaa5334b},
    {0xb8da1662e7b00a17, 0x3d6a751f3b936244},
    {0x95527a5202df0ccb, 0x0f37801e0c43ebc9},
};

static const uint64_t powers_of_five[POWER_EVERY] = {1U, 5U, 25U, 125U, 625U,
    3125U, 15625U, 78125U, 390625U, 1953125U, 9765625U, 48828125U, 244140625U,
    1220703125U, 6103515625U, 30517578125U, 152587890625U, 762939453125U,
    3814697265625U, 19073486328125U, 95367431640625U, 476837158203125U,
    2384185791015625U, 11920928955078125U, 59604644775390625U,
    298023223876953125U, 1490116119384765625U};

/* Two bits each: 0 is one less, 1 nothing, 2 one more. */
static const uint64_t corrections[] = {
    0xa95aaa9aa965aa59,
    0xaaaa996aaa5aa6aa,
    0x50415106a5a6aaa6,
    0x5965995aa5154114,
    0x5a559556aa565559,
    0xa6959a96a6aaa999,
    0x6aa9aa9aaa695aaa,
    0x5654516aa9aaaaaa,
    0x5665696a95556955,
    0x5555555555555559,
    0x6a55555555555555,
    0x9a9a9665699aaaa9,
    0xa59996a9aaaaa6aa,
    0x155555956965566a,
    0xaa9a69aaa9556555,
    0x5545455555865aa6,
    0x6956aa96a9a695a4,
    0xaa69656a695aaa66,
    0x6a6a655aaaaaaaaa,
    0x000000000002aaa9,
};

/* These hold for all exponents of doubles. Source: there, 9. */
static int floor_log2_of_power(int k)
{
	return (k * 1741647) >> 19;
}

static int floor_log10_of_power(int q)
{
	return (q * 1262611) >> 22;
}

static int floor_log10_of_three_quarters(int q)
{
	return (q * 1262611 - 524031) >> 22;
}

static struct power power_of_ten(int k)
{
	int i = k - POWER_MIN, offset = i % POWER_EVERY, at = k - offset;
	struct power p = powers[i / POWER_EVERY];
	uint64_t correction = corrections[i / 32] >> (2 * (i % 32)) & 3;
	unsigned __int128 high, low, all;
	int shift;

	if (offset == 0)
		return p;
	shift = floor_log2_of_power(k) - floor_log2_of_power(at) - offset;
	high = (unsigned __int128)p.high * powers_of_five[offset];
	low = (unsigned __int128)p.low * powers_of_five[offset];
	high += low >> 64;
	all = high << (64 - shift) | (uint64_t)low >> shift;
	all += correction;
	all -= 1;
	return (struct power){(uint64_t)(all >> 64), (uint64_t)all};
}

/* The upper bits of the product; the last one says whether more follow. */
static uint64_t round_to_odd(struct power p, uint64_t v)
{
	unsigned __int128 low = (unsigned __int128)p.low * v;
	unsigned __int128 high =
	    (unsigned __int128)p.high * v + (uint64_t)(low >> 64);

	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* c * 2^q, with the bounds of what reads back as it. */
static uint64_t find(uint64_t c, int q, bool closer_below, int *ret_exponent)
{
	int k = closer_below ? floor_log10_of_three_quarters(q)
			     : floor_log10_of_power(q);
	int h = q + floor_log2_of_power(-k) + 1;
	struct power p = power_of_ten(-k);
	uint64_t below = round_to_odd(p, (4 * c - 2 + closer_below) << h);
	uint64_t at = round_to_odd(p, 4 * c << h);
	uint64_t above = round_to_odd(p, (4 * c + 2) << h);
	uint64_t s = at / 4, ten = s / 10;
	bool low_in, high_in;

	/* An even one is read back from its bounds too. */
	below += c % 2;
	above -= c % 2;
	*ret_exponent = k + 1;
	low_in = below <= 40 * ten;
	high_in = 40 * ten + 40 <= above;
	if (s >= 10 && low_in != high_in)
		return ten + high_in;
	*ret_exponent = k;
	low_in = below <= 4 * s;
	high_in = 4 * s + 4 <= above;
	if (low_in != high_in)
		return s + high_in;
	/* The nearer one; of two as near, the even one. */
	return s + (at > 4 * s + 2 || (at == 4 * s + 2 && s % 2));
}

uint64_t dm_shortest(double v, int *ret_exponent)
{
	uint64_t bits, fraction;
	int exponent;

	memcpy(&bits, &v, sizeof(bits));
	fraction = bits & ((UINT64_C(1) << 52) - 1);
	exponent = (int)(bits >> 52 & 0x7ff);
	if (exponent == 0)
		return find(fraction, -1074, false, ret_exponent);
	return find(fraction | UINT64_C(1) << 52, exponent - 1075,
	    fraction == 0 && exponent > 1, ret_exponent);
}
