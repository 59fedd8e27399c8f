#include <stdint.h>

#ifndef {{ upper }}_ROM
#ifdef __AVR__
#include <avr/pgmspace.h>
#define {{ upper }}_ROM PROGMEM
#define {{ upper }}_READ_8(pointer) pgm_read_byte(pointer)
#define {{ upper }}_READ_16(pointer) pgm_read_word(pointer)
#define {{ upper }}_READ_32(pointer) pgm_read_dword(pointer)
#else
#define {{ upper }}_ROM
#define {{ upper }}_READ_8(pointer) (*(pointer))
#define {{ upper }}_READ_16(pointer) (*(pointer))
#define {{ upper }}_READ_32(pointer) (*(pointer))
#endif
#endif
