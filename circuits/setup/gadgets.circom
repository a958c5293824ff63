pragma circom 2.1.0;

/*
 * Gadgets of the digits circuit. Each one binds: for every input there is exactly one assignment of its signals that satisfies the
 * constraints (circuits/setup/gadgets.test.ts changes every one of them and must be refused).
 */

include "poseidon_constants.circom";

/*
 * That `in` has n bits; all of them but the lowest come out, lowest first: upper[i] is bit i + 1. n constraints: the lowest bit is
 * what the others leave, so neither it nor the sum needs a signal. n must be below 253: then the sum cannot wrap around the field.
 */
template Bits(n) {
    assert(n < 253);
    signal input in;
    signal output upper[n - 1];
    var rest = 0;
    for (var i = 1; i < n; i++) {
        upper[i - 1] <-- (in >> i) & 1;
        upper[i - 1] * (upper[i - 1] - 1) === 0;
        rest += upper[i - 1] * (1 << i);
    }
    (in - rest) * (in - rest - 1) === 0;
}

/*
 * Poseidon of n elements with circomlib's parameters. The state is a sum over signals, so only the S-boxes are constraints: 3 each,
 * 24 * (n + 1) + 3 * (partial rounds), less 3 for the constant that the first one sees. The sparse matrices S stand for the partial rounds.
 */
template Hash(n) {
    signal input inputs[n];
    signal output out;

    var t = n + 1;
    var PARTIAL_ROUNDS[16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];
    var partialRounds = PARTIAL_ROUNDS[t - 2];
    var C[t * 8 + partialRounds] = POSEIDON_C(t);
    var S[partialRounds * (2 * t - 1)] = POSEIDON_S(t);
    var M[t][t] = POSEIDON_M(t);
    var P[t][t] = POSEIDON_P(t);

    signal square[8][t];
    signal fourth[8][t];
    signal fifth[8][t];
    signal partialSquare[partialRounds];
    signal partialFourth[partialRounds];
    signal partialFifth[partialRounds];

    var state[t];
    state[0] = C[0];
    for (var j = 1; j < t; j++) {
        state[j] = inputs[j - 1] + C[j];
    }
    for (var r = 0; r < 8; r++) {
        if (r == 4) {
            for (var q = 0; q < partialRounds; q++) {
                partialSquare[q] <== state[0] * state[0];
                partialFourth[q] <== partialSquare[q] * partialSquare[q];
                partialFifth[q] <== partialFourth[q] * state[0];
                state[0] = partialFifth[q] + C[5 * t + q];
                var first = 0;
                for (var j = 0; j < t; j++) {
                    first += S[(2 * t - 1) * q + j] * state[j];
                }
                for (var j = 1; j < t; j++) {
                    state[j] += S[(2 * t - 1) * q + t + j - 1] * state[0];
                }
                state[0] = first;
            }
        }
        for (var j = 0; j < t; j++) {
            square[r][j] <== state[j] * state[j];
            fourth[r][j] <== square[r][j] * square[r][j];
            fifth[r][j] <== fourth[r][j] * state[j];
        }
        for (var i = 0; i < t; i++) {
            var mixed = 0;
            for (var j = 0; j < t; j++) {
                var constant = 0;
                if (r < 4) {
                    constant = C[(r + 1) * t + j];
                } else if (r < 7) {
                    constant = C[5 * t + partialRounds + (r - 4) * t + j];
                }
                var factor = M[j][i];
                if (r == 3) {
                    factor = P[j][i];
                }
                mixed += factor * (fifth[r][j] + constant);
            }
            state[i] = mixed;
        }
    }
    out <== state[0];
}

/* 1 where `in` is zero, otherwise 0. 2 constraints. */
template IsZero() {
    signal input in;
    signal output out;
    signal inverse;
    inverse <-- in != 0 ? 1 / in : 0;
    out <== 1 - in * inverse;
    in * out === 0;
}

/*
 * min(255, max(0, floor((in + 2^(shift-1)) / 2^shift))) for -2^n < in + 2^(shift-1) < 2^n, which the caller owes from the weights.
 * in + half + 2^n has n + 1 bits; the highest says whether the sum is not negative, and the shift is a choice of bits.
 * n + 7 constraints (two of them linear), n + 3 where n <= shift + 8 and nothing can saturate.
 */
template Requantise(n, shift) {
    signal input in;
    signal output out;

    component bits = Bits(n + 1);
    bits.in <== in + (1 << (shift - 1)) + (1 << n);

    var low = 0;
    var high = 0;
    for (var i = shift; i < n; i++) {
        if (i < shift + 8) {
            low += bits.upper[i - 1] * (1 << (i - shift));
        } else {
            high += bits.upper[i - 1] * (1 << (i - shift - 8));
        }
    }
    if (n > shift + 8) {
        component fits = IsZero();
        fits.in <== high;
        signal belowTop <== fits.out * (low - 255);
        out <== bits.upper[n - 1] * (255 + belowTop);
    } else {
        out <== bits.upper[n - 1] * low;
    }
}

/*
 * Salted commitment to `count` bytes: 31 bytes to a field element, lowest byte first, then
 * Poseidon(Poseidon(domain, salt, e0..e12), e13..). Also what makes each input a byte: 8 constraints each.
 * `count` from 404 to 806: two hashes.
 */
template ByteCommitment(count, domain) {
    signal input bytes[count];
    signal input salt;
    signal output out;

    var elements = (count + 30) \ 31;
    component byteBits[count];
    var packed[elements];
    for (var i = 0; i < count; i++) {
        byteBits[i] = Bits(8);
        byteBits[i].in <== bytes[i];
        packed[i \ 31] += bytes[i] * (1 << (8 * (i % 31)));
    }
    component first = Hash(15);
    first.inputs[0] <== domain;
    first.inputs[1] <== salt;
    for (var i = 0; i < 13; i++) {
        first.inputs[2 + i] <== packed[i];
    }
    component second = Hash(elements - 12);
    second.inputs[0] <== first.out;
    for (var i = 13; i < elements; i++) {
        second.inputs[i - 12] <== packed[i];
    }
    out <== second.out;
}

/*
 * Salted commitment to 8 to 14 integers of 32 bits: each plus 2^31, seven to a field element, then Poseidon(domain, salt, e0, e1).
 * The caller owes -2^31 <= in < 2^31.
 */
template Int32Commitment(count, domain) {
    signal input in[count];
    signal input salt;
    signal output out;

    var packed[2];
    for (var i = 0; i < count; i++) {
        packed[i \ 7] += (in[i] + (1 << 31)) * (1 << (32 * (i % 7)));
    }
    component hash = Hash(4);
    hash.inputs[0] <== domain;
    hash.inputs[1] <== salt;
    hash.inputs[2] <== packed[0];
    hash.inputs[3] <== packed[1];
    out <== hash.out;
}
