#include "../esp.h"
