// Numbers that look random and are the same again for the same seed (mulberry32).
//
//   const random = seeded(4711);
//   random()              0 <= x < 1
//   random.pick([...])    one of them
//   random.chance(0.3)    true that often
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

function seeded(seed) {
    let state = seed >>> 0;
    const random = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    random.pick = (list) => list[Math.floor(random() * list.length)];
    random.chance = (p) => random() < p;
    return random;
}

module.exports = { seeded };
