import { Injectable, type CanActivate } from '@nestjs/common';

/** A guard that lets every request pass. */
@Injectable()
export class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}
